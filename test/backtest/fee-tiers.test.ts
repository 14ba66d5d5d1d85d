/** Fees that change with what was traded, by hand: in the paper account of a run, in the core, and in the report. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import { grouped } from '../../src/domain/figure-text.js';
import { parseMoney } from '../../src/domain/money.js';
import type { Fill } from '../../src/domain/order.js';
import { countTraded, type Volumes, withFeesAt } from '../../src/domain/order-fee.js';
import { createEngine } from '../../src/engine/engine.js';
import { STRATEGIES } from '../../src/engine/strategies/registry.js';
import type { StrategyDefinition } from '../../src/engine/strategies/strategy.js';
import { parseDesk } from '../../src/venue/load-desk.js';
import { PaperBook } from '../../src/venue/paper/book.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { oneEntry } from '../engine/support/one-entry.js';
import { temporaryFolder } from '../validation/support/validations.js';
import { type Row, writeRows } from './published/support/peers.js';
import { type BacktestKept, backtest } from './support/backtests.js';

const DAY_MS = 86_400_000;
const FROM_MS = Date.parse('2026-02-27T00:00:00Z');
const DAYS = 5;

/** Twice a day ten lots are bought, and sold ten bars later: four fills a day. */
const TWICE_A_DAY: StrategyDefinition = {
  ...{ kind: 'twice-a-day', suits: 'trending', parameters: [], enters: ['market'] },
  create: () => {
    let bars = 0;
    return {
      warmupBars: 0,
      state: () => '',
      onBar: (context) => {
        bars += 1;
        const because = 'it is its turn';
        const bid = context.lastQuote?.bidTicks ?? 0;
        if (bars % 720 === 10 && context.positionLots === 0)
          context.enter({ side: 'buy', type: 'market', slippageTicks: 9, protectTicks: bid - 400, because });
        if (bars % 720 === 20) context.exit('it was long enough');
      },
    };
  },
};

function bars(): string {
  const rows = Array.from({ length: DAYS * 1440 }, (_, minute): Row => {
    const price = minute % 2 === 0 ? ['100', '101', '99', '100'] : ['100', '100.5', '99.5', '100'];
    return [FROM_MS + minute * 60_000, ...(price as [string, string, string, string])];
  });
  return writeRows(temporaryFolder(), rows);
}

async function run(instrument: string, paper: string, file = bars()): Promise<BacktestKept> {
  const text = `
desk: tiers
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [${instrument}]
paper: { balance: "100000", currency: USD, slippageTicks: 0, ${paper} }
strategies: [{ name: twice, kind: twice-a-day, symbols: [X/USD], size: { lots: 10 } }]
breakers: { strategyMaxConsecutiveLosses: 100 }
risk: { maxPositionSizePct: 20, maxConcurrentPositions: 1, stopLossPct: 50, dailyLossLimitPct: 90, maxDrawdownPct: 90 }
people: [{ name: operator, roles: [operator, approver] }]
`;
  const registry = STRATEGIES as Map<string, StrategyDefinition>;
  registry.set(TWICE_A_DAY.kind, TWICE_A_DAY);
  try {
    const { desk, configHash } = parseDesk('desk.yaml', text);
    return await backtest(file, { desk, configHash, files: [{ symbol: 'X/USD', file }] });
  } finally {
    registry.delete(TWICE_A_DAY.kind);
  }
}

/** By day, what `of` says of each fill, if all of a day are alike. */
function byDay(fills: readonly Fill[], of: (fill: Fill) => number): readonly (number | string)[] {
  return Array.from({ length: DAYS }, (_, day) => {
    const own = fills.filter(({ marketMs }) => Math.floor((marketMs - FROM_MS) / DAY_MS) === day);
    const values = new Set(own.map(of));
    return values.size === 1 && own.length === 4 ? [...values][0]! : `${own.length}: ${[...values]}`;
  });
}

const COIN = '{ symbol: X/USD, kind: linear, tickSize: "0.1", lotSize: "1", spread: "0.1" }';
const ppmOf = ({ fee, quantityLots, priceTicks }: Fill): number =>
  Math.round((fee / (quantityLots * priceTicks * parseMoney('0.1'))) * 1_000_000);

describe('rates by the volume of thirty days', () => {
  // Ten at about 100, four times a day: about 4,000 a day, counted from the next day on.
  const TIERS =
    'feeTiers: [{ from: "3000", makerFeePpm: 100, takerFeePpm: 500 }, { from: "11000", makerFeePpm: 0, takerFeePpm: 250 }]';

  it('are those of each day, and the report says which applied', async () => {
    const { report, kept } = await run(COIN, TIERS);
    expect(report.data.problems).toEqual([]);
    // Volume before each day: 0, 4,000, 8,000, 12,000, 16,000.
    expect(byDay(kept.fills, ppmOf)).toEqual([1000, 500, 500, 250, 250]);
    expect(report.execution).toContain(
      `From ${grouped('3000')} USD traded in thirty days: 0.01 % of what rested, 0.05 % of what was filled at once.`,
    );
    expect(report.execution).toContain(
      `Fills by the tier of their fees (rates): 4 below ${grouped('3000')}, 8 from ${grouped('3000')} on, 8 from ${grouped('11000')} on.`,
    );
  });

  it('count what was traded before the desk began', async () => {
    const { kept } = await run(COIN, `${TIERS}, volumeSoFar: "7500"`);
    // 7,500 and 11,500 before the second day.
    expect(byDay(kept.fills, ppmOf)).toEqual([500, 250, 250, 250, 250]);
  });
});

describe('fees a contract by the volume of the month', () => {
  const FUTURE =
    '{ symbol: X/USD, kind: future, tickSize: "0.1", lotSize: "1", spread: "0.1", multiplier: "1", exchange: CME, fees: { each: "2", tiers: [{ from: "30", each: "1.5" }, { from: "60", each: "1" }]MORE } }';
  const eachOf = ({ fee, quantityLots }: Fill): number => fee / quantityLots / parseMoney('1');

  it('fall within it, and begin anew with the next one', async () => {
    const { report, kept } = await run(FUTURE.replace('MORE', ''), 'makerFeePpm: 0');
    expect(report.data.problems).toEqual([]);
    // The last two days of February, then March: 10, 20, 30 … contracts of the month before each fill.
    expect(kept.fills.map(eachOf)).toEqual([
      ...[2, 2, 2, 1.5],
      ...[1.5, 1.5, 1, 1],
      ...[2, 2, 2, 1.5],
      ...[1.5, 1.5, 1, 1],
      ...[1, 1, 1, 1],
    ]);
    expect(report.execution).toContain('From 30 traded in a month: 1.5 USD a contract.');
    expect(report.execution).toContain(
      'Fills by the tier of their fees (X/USD): 6 below 30, 6 from 30 on, 8 from 60 on.',
    );
  });

  it('are those of an order’s first fill for all of it, in the report too', async () => {
    const file = join(temporaryFolder(), 'books.csv');
    const level = (at: number): string => `${(100 - at / 10).toFixed(1)},4,${(100.1 + at / 10).toFixed(1)},4`;
    const rows = Array.from({ length: 25 }, (_, minute) =>
      [FROM_MS + minute * 60_000, level(0), level(1), level(2)].join(),
    );
    const columns = [0, 1, 2].map(
      (at) => `bids[${at}].price,bids[${at}].amount,asks[${at}].price,asks[${at}].amount`,
    );
    writeFileSync(file, `ts,${columns}\n${rows.join('\n')}\n`);
    const { report, kept } = await run(FUTURE.replace('MORE', '').replace('30', '5'), 'makerFeePpm: 0', file);
    // Level by level: four, four and two. The second passes five contracts.
    expect(kept.fills.map((fill) => [fill.quantityLots, eachOf(fill)])).toEqual([
      ...[4, 4, 2].map((lots) => [lots, 2]),
      ...[4, 4, 2].map((lots) => [lots, 1.5]),
    ]);
    expect(report.execution).toContain(
      'Fills by the tier of their fees (X/USD): 3 below 5, 3 from 5 on, 0 from 60 on.',
    );
  });

  it('count what the month had before the desk began, and only in that month', async () => {
    const { kept } = await run(FUTURE.replace('MORE', ', volumeSoFar: "50"'), 'makerFeePpm: 0');
    expect(kept.fills.slice(0, 10).map(eachOf)).toEqual([1.5, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
  });
});

const SHARE = buildInstrument(0, {
  ...{ symbol: 'X/USD', kind: 'stock', tickSize: '0.01', lotSize: '1', minNotional: '0' },
  ...{ makerFeePpm: 0, takerFeePpm: 0 },
  fees: { each: '2', tiers: [{ from: '30', each: '1' }] },
});
const at = (day: number) => ({ quantityLots: 30, priceTicks: 100, marketMs: FROM_MS + day * DAY_MS });

it('leaves a day out of the thirty once it is older, what was declared too', () => {
  const coin = buildInstrument(0, {
    ...{ symbol: 'X/USD', kind: 'spot', tickSize: '1', lotSize: '1', minNotional: '0' },
    ...{ makerFeePpm: 9, takerFeePpm: 9, volumeSoFar: '1000' },
    rateTiers: [
      { from: '1000', makerFeePpm: 2, takerFeePpm: 2 },
      { from: '4000', makerFeePpm: 1, takerFeePpm: 1 },
    ],
  });
  const volumes: Volumes = new Map();
  const ppmOn = (day: number) => withFeesAt(coin, volumes, at(day).marketMs).takerFeePpm;
  expect(ppmOn(0)).toBe(2);
  countTraded(volumes, coin, at(0)); // 3,000
  expect([0, 1, 29, 30, 31].map(ppmOn)).toEqual([2, 1, 1, 2, 9]);
});

it('charges an order that fills in parts what its first fill had', () => {
  const begun = { bookId: 'b', currency: 'USD', prices: 'p', cash: 1e12, idsGiven: 0, seenMs: 0 };
  const book = new PaperBook({ ...begun, positions: [], orders: [], fills: [] }, new Map([['X/USD', SHARE]]));
  const order = { symbol: 'X/USD', clientId: 'c', venueId: 'v', side: 'buy', type: 'limit' } as const;
  book.apply({
    type: 'order',
    order: {
      ...{ ...order, quantityLots: 90, limitTicks: 100, stopTicks: null, reduceOnly: false },
      ...{ timeInForce: 'GTC', reserveTicks: 100, arrivesAtMs: 0, state: 'working', filledLots: 0 },
    },
  });
  const fill = { tradeId: 't', clientId: 'c', symbol: 'X/USD', side: 'buy', fee: parseMoney('60') } as const;
  book.apply({ type: 'fill', fill: { ...fill, ...at(0), liquidity: 'maker', caughtUp: false } });
  const eachIn = (read: PaperBook, charged = read.orders.get('c')?.charged) =>
    read.priced({ symbol: 'X/USD', ...(charged === undefined ? {} : { charged }) }, at(0).marketMs).lotFees;
  // A book that is read again has counted the same.
  for (const read of [book, new PaperBook(book.state(), book.instruments)]) {
    expect(eachIn(read)?.perLot).toBe(parseMoney('2'));
    expect(read.priced({ symbol: 'X/USD' }, at(0).marketMs).lotFees?.perLot).toBe(parseMoney('1'));
  }
});

describe('the core', () => {
  const coin = (volumeSoFar: string) =>
    buildInstrument(0, {
      ...{ symbol: 'BTC/USDT', kind: 'spot', tickSize: '0.01', lotSize: '0.001', minNotional: '5' },
      ...{ makerFeePpm: 1000, takerFeePpm: 1000, volumeSoFar },
      rateTiers: [{ from: '1000', makerFeePpm: 0, takerFeePpm: 0 }],
    });

  function asked(volumeSoFar: string, journal: DeskUnderTest['records'] = []): DeskUnderTest {
    return new DeskUnderTest({ strategies: [oneEntry()], instruments: [coin(volumeSoFar)] }, 1, journal);
  }

  it.each([
    ['999', 'protectable'],
    ['1000', null],
  ])('judges an entry by the fee that its coins would have now: after %s, %s', (volumeSoFar, limit) => {
    const lotsOf = (desk: DeskUnderTest) => desk.live('entry', 0)[0]?.quantityLots;
    const plain = asked('1000').active();
    plain.bar(0, 10_000);
    const desk = asked(volumeSoFar);
    desk.begin();
    desk.quote(0, 10_000);
    // No order below its very quantity: a fee in coins would leave less.
    const minLots = lotsOf(plain)!;
    desk.snapshot({
      quantityLimits: [{ instrument: 0, minLots, maxLots: null, maxMarketLots: null }],
    });
    desk.arm();
    desk.bar(0, 10_000);
    expect(desk.recorded('order.denied').map((denied) => denied.limit)).toEqual(
      limit === null ? [] : [limit],
    );
  });

  it('counts what is recorded, the same after a restart', () => {
    const desk = asked('0').active();
    desk.bar(0, 10_000);
    const [entry] = desk.live('entry', 0);
    const before = desk.engine.stateHash();
    desk.accept(entry!);
    desk.fill(entry!, 10_000);
    const again = createEngine(desk.config);
    for (const record of desk.records) again.apply(record);
    expect(again.stateHash()).toBe(desk.engine.stateHash());
    expect(again.stateHash()).not.toBe(before);
  });
});
