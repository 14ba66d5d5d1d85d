/** Futures on paper with a declared margin: NQ at 20,000 is worth 400,000 and takes 33,000 to open, 30,000 to hold. */
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { SteppedBench } from './stepped-bench.js';

const source = {
  symbol: 'NQ/USD',
  kind: 'future',
  tickSize: '0.25',
  lotSize: '1',
  multiplier: '20',
  minNotional: '0',
  makerFeePpm: 0,
  takerFeePpm: 0,
} as const;
const margin = { initial: '33000', maintenance: '30000' };
const NQ = buildInstrument(0, { ...source, margin });
const WITH_FEES = buildInstrument(0, { ...source, margin, fees: { each: '2.25' } });
const WHOLE = buildInstrument(0, source);
const ES = buildInstrument(1, {
  ...{ ...source, symbol: 'ES/USD', multiplier: '50' },
  margin: { initial: '22000', maintenance: '20000' },
});

const AT_20000 = 80_000;
const ACCEPTED = { kind: 'accepted' };
const INSUFFICIENT = { kind: 'rejected', code: '-2019', text: 'Margin is insufficient.' };
const BELOW = { kind: 'rejected', code: '-2019', text: expect.stringContaining('maintenance margin') };

function bench(cash: string, instruments = [NQ]): SteppedBench {
  const made = new SteppedBench(instruments, cash);
  for (const { id } of instruments) made.quote(AT_20000, { instrument: id });
  return made;
}

function held(made: SteppedBench, order: Partial<OrderIntent>): SteppedBench {
  expect(made.submit(order)).toMatchObject(ACCEPTED);
  made.quote(AT_20000);
  expect(made.venue.positionLots('NQ/USD')).not.toBe(0);
  return made;
}

it.each([
  ['32999.99', 1, INSUFFICIENT],
  ['33000', 1, ACCEPTED],
  ['98999.99', 3, INSUFFICIENT],
  ['99000', 3, ACCEPTED],
])('with %s, %i contracts need the initial margin of each: %#', (cash, quantityLots, outcome) => {
  for (const side of ['buy', 'sell'] as const)
    expect(bench(cash).submit({ side, quantityLots })).toMatchObject(outcome);
});

describe('a margin by what a perpetual is worth', () => {
  const perpetual = { ...source, symbol: 'NQ/USD', kind: 'linear' as const };
  const TENTH = buildInstrument(0, { ...perpetual, margin: { initialPct: 10, maintenancePct: 5 } });

  it.each([
    ['39999.99', 1, INSUFFICIENT],
    ['40000', 1, ACCEPTED],
    ['80000', 2, ACCEPTED],
    ['79999.99', 2, INSUFFICIENT],
  ])('of 400,000 takes a tenth: with %s, %i contracts: %#', (cash, quantityLots, outcome) => {
    for (const side of ['buy', 'sell'] as const)
      expect(bench(cash, [TENTH]).submit({ side, quantityLots })).toMatchObject(outcome);
  });

  it('needs its fee beside it', () => {
    const charged = { ...TENTH, lotFees: { perLot: 2.25e8, minimum: 0 } };
    expect(bench('40002.24', [charged]).submit({ quantityLots: 1 })).toMatchObject(INSUFFICIENT);
    expect(bench('40002.25', [charged]).submit({ quantityLots: 1 })).toMatchObject(ACCEPTED);
  });

  it('counts what is held and rests at the prices of the moment', () => {
    const made = held(bench('100000', [TENTH]), { quantityLots: 1 });
    // Rests at 17,500: 35,000 of the 60,000 that are left.
    made.submit({ type: 'limit', limitTicks: 70_000, quantityLots: 1 });
    expect(made.submit({ quantityLots: 1 })).toMatchObject(INSUFFICIENT);
    // At 25,000 the one that is held has won 100,000, and takes 50,000: 115,000 are free, two take 100,000.
    made.quote(100_000);
    expect(made.submit({ quantityLots: 3 })).toMatchObject(INSUFFICIENT);
    expect(made.submit({ quantityLots: 2 })).toMatchObject(ACCEPTED);
  });

  it('opens nothing below the maintenance of what is held, and closes all of it', () => {
    const made = held(bench('40000', [TENTH]), { quantityLots: 1 });
    // At 18,950 equity is 19,000, and 5 % of 379,000 are 18,950; four ticks lower equity is less than it needs.
    made.quote(75_800);
    expect(made.submit({ quantityLots: 1 })).toMatchObject(INSUFFICIENT);
    made.quote(75_780);
    expect(made.submit({ quantityLots: 1 })).toMatchObject(BELOW);
    expect(made.submit({ side: 'sell', quantityLots: 1 })).toMatchObject(ACCEPTED);
  });

  it('counts the maintenance of a short one, which is worth more as it loses', () => {
    const made = held(bench('40000', [TENTH]), { side: 'sell', quantityLots: 1 });
    // At 20,952.25 equity is 20,955, and 5 % of 419,045 are 20,952.25; a tick higher equity is less than it needs.
    made.quote(AT_20000 + 3_809);
    expect(made.submit({ side: 'sell', quantityLots: 1 })).toMatchObject(INSUFFICIENT);
    made.quote(AT_20000 + 3_810);
    expect(made.submit({ side: 'sell', quantityLots: 1 })).toMatchObject(BELOW);
    expect(made.submit({ side: 'buy', quantityLots: 1 })).toMatchObject(ACCEPTED);
  });

  it('of an inverse one is in the coin, more of it the lower the price', () => {
    const COINS = buildInstrument(0, {
      ...{ ...source, symbol: 'BTC/USD', kind: 'inverse', tickSize: '0.5', multiplier: '100' },
      margin: { initialPct: 10, maintenancePct: 5 },
    });
    const made = new SteppedBench([COINS], '1');
    made.quote(100_000);
    // One coin at 50,000 carries 5,000 contracts of 100 at a tenth, and 2,500 at 25,000.
    expect(made.submit({ quantityLots: 5_001 })).toMatchObject(INSUFFICIENT);
    expect(made.submit({ type: 'limit', limitTicks: 50_000, quantityLots: 2_501 })).toMatchObject(
      INSUFFICIENT,
    );
    expect(made.submit({ quantityLots: 5_000 })).toMatchObject(ACCEPTED);
  });
});

it('beside contracts, a purchase that meets a higher price gets what their margin leaves, not all the cash', () => {
  const stock = {
    ...source,
    symbol: 'AAPL/USD',
    kind: 'stock',
    tickSize: '0.01',
    multiplier: undefined,
  } as const;
  const made = new SteppedBench([NQ, buildInstrument(1, stock)], '43000');
  made.quote(AT_20000);
  made.quote(10_000, { instrument: 1 });
  held(made, { quantityLots: 1 });
  // 33,000 of the 43,000 are in use: 100 at 100.00 are accepted, and at 101.00 the 10,000 that are left pay for 99.
  expect(made.submit({ clientId: 'shares', instrument: 1, quantityLots: 100 })).toMatchObject(ACCEPTED);
  made.quote(10_100, { instrument: 1 });
  expect(made.fills.at(-1)).toMatchObject({ instrument: 1, quantityLots: 99, priceTicks: 10_100 });
  expect(made.venue.orderByClientId('shares')).toMatchObject({ state: 'expired', filledLots: 99 });
});

it('without a margin, a contract takes its whole worth, as ever', () => {
  expect(bench('399999', [WHOLE]).submit({ quantityLots: 1 })).toMatchObject(INSUFFICIENT);
  expect(bench('400000', [WHOLE]).submit({ quantityLots: 1 })).toMatchObject(ACCEPTED);
});

it('what closes a loss is taken where nothing is free, and nothing beyond it', () => {
  const made = held(bench('400000', [WHOLE]), { side: 'sell', quantityLots: 1 });
  made.quote(AT_20000 + 8_000);
  expect(made.submit({ side: 'buy', quantityLots: 2, reduceOnly: false })).toMatchObject(INSUFFICIENT);
  expect(made.submit({ side: 'buy', quantityLots: 1, reduceOnly: false })).toMatchObject(ACCEPTED);
});

it('the fee of the order is needed beside it', () => {
  // Two contracts: 66,000, and 2.25 for each.
  expect(bench('66004.49', [WITH_FEES]).submit({ quantityLots: 2 })).toMatchObject(INSUFFICIENT);
  expect(bench('66004.5', [WITH_FEES]).submit({ quantityLots: 2 })).toMatchObject(ACCEPTED);
});

it('counts what is held, what entries at rest may open, and every instrument by its own margin', () => {
  const made = bench('87999.99', [NQ, ES]);
  held(made, { quantityLots: 1 });
  made.submit({ type: 'limit', limitTicks: 70_000, quantityLots: 1 });
  // 33,000 held, 33,000 at rest: a cent too little for the 22,000 of one ES.
  expect(made.submit({ instrument: 1, quantityLots: 1 })).toMatchObject(INSUFFICIENT);
  const enough = held(bench('88000', [NQ, ES]), { quantityLots: 1 });
  enough.submit({ type: 'limit', limitTicks: 70_000, quantityLots: 1 });
  expect(enough.submit({ instrument: 1, quantityLots: 1 })).toMatchObject(ACCEPTED);
});

it('an open result counts, and a reversal needs the margin of what it opens', () => {
  const made = held(bench('70000'), { side: 'sell', quantityLots: 2 });
  // 75 points against two contracts are 3,000: 67,000 are left, 66,000 are taken.
  made.quote(AT_20000 + 300);
  expect(made.submit({ side: 'sell', quantityLots: 1 })).toMatchObject(INSUFFICIENT);
  // Closes two; what it opens beyond needs 33,000 of the 1,000 that are free.
  expect(made.submit({ side: 'buy', quantityLots: 3 })).toMatchObject(INSUFFICIENT);
  expect(made.submit({ side: 'buy', quantityLots: 2 })).toMatchObject(ACCEPTED);
});

it('below the maintenance margin nothing is opened, and all is still closed', () => {
  const made = held(bench('66000'), { quantityLots: 2 });
  // 150 points are 6,000: exactly the maintenance of two contracts.
  made.quote(AT_20000 - 600);
  expect(made.submit({ quantityLots: 1 })).toMatchObject(INSUFFICIENT);
  made.quote(AT_20000 - 601);
  expect(made.submit({ quantityLots: 1 })).toMatchObject(BELOW);
  expect(made.submit({ side: 'sell', quantityLots: 1 })).toMatchObject(ACCEPTED);
  expect(
    made.submit({ side: 'sell', type: 'stop', stopTicks: 70_000, quantityLots: 2, reduceOnly: true }),
  ).toMatchObject(ACCEPTED);
  made.quote(AT_20000 - 601);
  // One contract at a loss of 3,005 twice: 59,990 are above its 30,000, and below the 66,000 of two.
  expect(made.venue.positionLots('NQ/USD')).toBe(1);
  expect(made.venue.cash).toBe(parseMoney('62995'));
  expect(made.submit({ quantityLots: 1 })).toMatchObject(INSUFFICIENT);
});

describe('beside shares in one account', () => {
  const AAPL = buildInstrument(1, {
    ...{ symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize: '1', minNotional: '0' },
    ...{ makerFeePpm: 0, takerFeePpm: 0 },
  });
  const shares = { instrument: 1, limitTicks: 10_000, type: 'limit' } as const;

  function mixed(cash: string): SteppedBench {
    const made = new SteppedBench([NQ, AAPL], cash);
    made.quote(AT_20000);
    made.quote(10_000, { instrument: 1 });
    return made;
  }

  function bought(made: SteppedBench, quantityLots: number): void {
    expect(made.submit({ instrument: 1, quantityLots, type: 'market' })).toMatchObject(ACCEPTED);
    made.quote(10_000, { instrument: 1 });
    expect(made.venue.positionLots('AAPL/USD')).toBe(quantityLots);
  }

  it.each([
    [370, ACCEPTED],
    [371, INSUFFICIENT],
  ])('a contract has the cash that %i shares at 100 leave of 70,000', (quantityLots, outcome) => {
    const made = mixed('70000');
    bought(made, quantityLots);
    expect(made.submit({ quantityLots: 1 })).toMatchObject(outcome);
  });

  it('shares on sale take nothing of it', () => {
    const made = mixed('70000');
    bought(made, 370);
    expect(made.submit({ ...shares, side: 'sell', limitTicks: 20_000, quantityLots: 370 })).toMatchObject(
      ACCEPTED,
    );
    expect(made.submit({ quantityLots: 1 })).toMatchObject(ACCEPTED);
  });

  it('shares are bought with what the margin of a contract leaves, held or at rest', () => {
    const refused = { kind: 'rejected', code: '-2010' };
    const resting = mixed('70000');
    expect(resting.submit({ type: 'limit', limitTicks: 70_000, quantityLots: 1 })).toMatchObject(ACCEPTED);
    expect(resting.submit({ ...shares, quantityLots: 371 })).toMatchObject(refused);
    expect(resting.submit({ ...shares, quantityLots: 370 })).toMatchObject(ACCEPTED);
    const holding = held(mixed('70000'), { quantityLots: 1 });
    expect(holding.submit({ ...shares, quantityLots: 371 })).toMatchObject(refused);
    // A point is 20: what the contract has gained can be spent, and what it has lost can't.
    holding.quote(AT_20000 + 4 * 5);
    expect(holding.submit({ ...shares, quantityLots: 371 })).toMatchObject(ACCEPTED);
  });
});
