import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  buildInstrument,
  type InstrumentSource,
  withConversions,
} from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import { capabilitiesIn } from '../../src/domain/order-bounds.js';
import type { PaperBookState } from '../../src/venue/paper/book-record.js';
import { openPaperVenue } from '../../src/venue/paper/paper-venue.js';
import { approved } from '../support/approved-order.js';
import { btc, cryptoInstruments, eth } from '../support/paper-instruments.js';
import { PAPER, PaperBench } from './paper-bench.js';
import { SteppedBench } from './stepped-bench.js';

let bench: PaperBench;
beforeEach(() => {
  bench = new PaperBench();
});
afterEach(() => bench.end());

/** Changes the state with which the closed book begins. */
function changeState(change: (state: PaperBookState) => PaperBookState): void {
  const path = join(bench.directory, 'book.jsonl');
  const [first = '', ...others] = readFileSync(path, 'utf8').split('\n');
  const [, number, json = ''] = /^\S+ (\d+) (.*)$/.exec(first) ?? [];
  const body = `${number} ${JSON.stringify({ type: 'state', state: change(JSON.parse(json).state) })}`;
  writeFileSync(path, [`${crc32(body).toString(16).padStart(8, '0')} ${body}`, ...others].join('\n'));
}

describe('the book of the paper venue', () => {
  it('survives a restart with orders, positions, cash and fills', async () => {
    await bench.buyOne();
    const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 });
    await bench.venue.submit(stop);
    const account = () =>
      Promise.all([
        bench.venue.balances(),
        bench.venue.positions(),
        bench.venue.openOrders(),
        bench.venue.fillsSince(0),
      ]);
    const before = await account();
    // Each start sums the book up in its first line, which the next one begins with.
    for (const restart of ['first', 'second']) {
      await bench.reopen();
      expect(await account(), restart).toEqual(before);
    }
    bench.quote(3000, 5_800_000, 5_800_200);
    await bench.filled(1);
    expect((await bench.venue.fillsSince(1500)).map(({ tradeId }) => tradeId)).toEqual([
      bench.fills()[0]?.tradeId,
    ]);
    expect(new Set((await bench.venue.fillsSince(0)).map(({ tradeId }) => tradeId)).size).toBe(2);
  });

  it('takes a split in once, ends the open orders of the symbol, and knows it after a restart', async () => {
    await bench.buyOne();
    const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 });
    await bench.venue.submit(stop);
    const [before] = await bench.venue.positions();
    const { cash } = await bench.venue.balances();
    const action = { kind: 'split', symbol: btc.symbol, numerator: 4, denominator: 1 } as const;
    const handed = { actionId: 'a1', action, priceTicks: 1_500_000 };
    bench.venue.takeAction?.(handed);
    bench.venue.takeAction?.(handed);
    const lots = 4 * (before?.quantityLots ?? 0);
    expect(await bench.venue.positions()).toMatchObject([{ quantityLots: lots }]);
    expect(await bench.venue.openOrders()).toEqual([]);
    expect(await bench.venue.balances()).toMatchObject({ cash });
    await bench.reopen();
    bench.venue.takeAction?.(handed);
    expect(await bench.venue.positions()).toMatchObject([{ quantityLots: lots }]);
    bench.venue.takeAction?.({
      ...{ actionId: 'a2', priceTicks: 0 },
      action: { kind: 'dividend', symbol: btc.symbol, perShare: '0.5' },
    });
    const paid = Number((await bench.venue.balances()).cash) - Number(cash);
    expect(paid).toBe((lots * parseMoney('0.5') * Number(btc.lotSize)) | 0);
  });

  it('keeps an order as small as it was amended, and how often, over a restart', async () => {
    await bench.buyOne();
    const [position] = await bench.venue.positions();
    const lots = position?.quantityLots ?? 0;
    const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000, quantityLots: lots });
    await bench.venue.submit(stop);
    const amend = (quantityLots: number) => bench.venue.amendQuantity?.(stop.clientId, 0, quantityLots);
    for (let fewer = 1; fewer <= 9; fewer += 1)
      expect(await amend(lots - fewer)).toMatchObject({ kind: 'amended' });
    await bench.reopen();
    expect(await bench.venue.openOrders()).toMatchObject([
      { clientId: stop.clientId, quantityLots: lots - 9 },
    ]);
    expect(await amend(lots - 9)).toMatchObject({
      kind: 'rejected',
      text: expect.stringContaining('no state'),
    });
    expect(await amend(lots - 10)).toMatchObject({ kind: 'amended' });
    expect(await amend(lots - 11)).toMatchObject({
      kind: 'rejected',
      text: expect.stringContaining('MAX_NUM'),
    });
    bench.quote(3000, 5_800_000, 5_800_200);
    await bench.filled(1);
    expect(bench.fills()).toMatchObject([{ clientId: stop.clientId, quantityLots: lots - 10 }]);
  });

  it('has the order on disk when it is acknowledged and the fill when it is told', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const book = () => readFileSync(join(bench.directory, 'book.jsonl'), 'utf8');
    const first = approved();
    await bench.venue.submit(first);
    expect(book()).toContain(first.clientId);
    await bench.filled(1);
    expect(book()).toContain(bench.fills()[0]?.tradeId);
  });

  it('cuts off a torn last line and keeps what was whole', async () => {
    await bench.buyOne();
    const kept = await bench.venue.balances();
    await bench.venue.close();
    appendFileSync(join(bench.directory, 'book.jsonl'), '1234abcd 99 {"type":"fi');
    bench.open();
    expect(await bench.venue.balances()).toEqual(kept);
    expect(readFileSync(join(bench.directory, 'book.jsonl'), 'utf8')).not.toContain('1234abcd');
  });

  it('is whole after a crash at any byte: what was acknowledged before stays', async () => {
    await bench.buyOne();
    await bench.venue.close();
    const whole = readFileSync(join(bench.directory, 'book.jsonl'));
    const firstLine = whole.indexOf(0x0a) + 1;
    for (let bytes = firstLine; bytes <= whole.length; bytes += 7) {
      writeFileSync(join(bench.directory, 'book.jsonl'), whole.subarray(0, bytes));
      bench.open();
      const [position] = await bench.venue.positions();
      const bought = (await bench.venue.fillsSince(0)).reduce((sum, fill) => sum + fill.quantityLots, 0);
      expect(position?.quantityLots ?? 0).toBe(bought);
      await bench.venue.close();
    }
  });

  it('is refused when it is damaged in the middle', async () => {
    await bench.buyOne();
    await bench.venue.close();
    const path = join(bench.directory, 'book.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[1] = (lines[1] as string).replace('fabc', 'fxyz');
    writeFileSync(path, lines.join('\n'));
    expect(() => bench.open()).toThrow(/line 2: the line is damaged.*fermata paper reset/);
  });

  it('keeps its place when the desk file puts the instruments in another order, and is refused when one is gone', async () => {
    await bench.buyOne();
    const turned = [
      { ...eth, id: 0 },
      { ...btc, id: 1 },
    ];
    await bench.reopen({ instruments: turned });
    expect(await bench.venue.positions()).toEqual([{ instrument: 1, quantityLots: 1000 }]);
    await bench.venue.close();
    expect(() => bench.open({ instruments: [{ ...eth, id: 0 }] })).toThrow(
      /position or an open order of BTC\/USDT/,
    );
    expect(() => bench.open({ paper: { ...PAPER, currency: 'EUR' } })).toThrow(/paper money is in EUR/);
  });

  it('stays small however much happens', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    for (let round = 0; round < 60; round += 1) {
      const batch = Array.from({ length: 100 }, () =>
        approved({ type: 'limit', limitTicks: 100_000 + round, quantityLots: 1000 }),
      );
      await Promise.all(batch.map((each) => bench.venue.submit(each)));
      await Promise.all(batch.map((each) => bench.venue.cancel(each.clientId, 0)));
    }
    const book = readFileSync(join(bench.directory, 'book.jsonl'), 'utf8');
    // Rewritten on the way: 12,000 records went in, and the first line holds the sum of many.
    expect(book.split('\n').length).toBeLessThan(8000);
    expect(Number(book.split(' ', 2)[1])).toBeGreaterThan(1000);
    await bench.reopen();
    expect(await bench.venue.openOrders()).toEqual([]);
  });

  it('keeps its money when the desk file changes its balance', async () => {
    await bench.reopen({ paper: { ...PAPER, balance: '500' } });
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('10000') });
  });
});

describe('a paper book after the steps of an instrument have changed', () => {
  const coin: InstrumentSource = {
    ...{ symbol: 'BTC/USDT', kind: 'spot', tickSize: '0.01', lotSize: '0.00001', minNotional: '5' },
    ...{ makerFeePpm: 0, takerFeePpm: 0 },
  };
  const steps = (change: Partial<InstrumentSource> = {}) => ({
    instruments: [buildInstrument(0, { ...coin, ...change }), eth],
  });

  /** Buys at 60,000 and sells 2,000 higher. */
  async function trade(lots: { bought: number; sold: number }): Promise<void> {
    bench.quote(1000, 5_999_998, 6_000_000);
    await bench.venue.submit(approved({ quantityLots: lots.bought }));
    await bench.filled(1);
    bench.quote(2000, 6_200_000, 6_200_002);
    await bench.venue.submit(approved({ side: 'sell', quantityLots: lots.sold }));
    await bench.filled(2);
  }

  it.each<[string, Partial<InstrumentSource>, Partial<InstrumentSource>]>([
    ['a tick of coins', {}, { tickSize: '0.1' }],
    ['a lot of coins', {}, { lotSize: '0.0001' }],
    ['the multiplier of a future', { kind: 'future', multiplier: '2' }, { kind: 'future', multiplier: '5' }],
  ])('has the same money: %s', async (_, before, after) => {
    await bench.reopen(steps(before));
    await trade({ bought: 1000, sold: 1000 });
    const { cash } = await bench.venue.balances();
    expect(cash).not.toBe(parseMoney('10000'));
    for (const restart of ['first', 'second']) {
      await bench.reopen(steps(after));
      expect(await bench.venue.balances(), restart).toMatchObject({ cash });
    }
  });

  it('has the same money of an inverse contract, to the last part of a coin', async () => {
    const contract = { symbol: 'BTC/USD', kind: 'inverse', lotSize: '1', minNotional: '0' } as const;
    const inverse = (change: Partial<InstrumentSource>) => ({
      instruments: steps({ ...contract, multiplier: '100', ...change }).instruments.slice(0, 1),
      paper: { ...PAPER, balance: '1', currency: 'BTC' },
    });
    await bench.venue.close();
    rmSync(join(bench.directory, 'book.jsonl'));
    bench.open(inverse({}));
    await trade({ bought: 7, sold: 7 });
    const { cash } = await bench.venue.balances();
    expect(cash).not.toBe(parseMoney('1'));
    await bench.reopen(inverse({ tickSize: '0.1', multiplier: '10' }));
    expect(await bench.venue.balances()).toMatchObject({ cash });
  });

  it('has as many coins in other lots, those below a lot included', async () => {
    const inCoins = { ...PAPER, takerFeePpm: 1500, feesIn: 'coin' as const };
    await bench.reopen({ ...steps(), paper: inCoins });
    // The fee keeps a lot and a half of the thousand.
    await trade({ bought: 1000, sold: 990 });
    const lots = async (lotSize: string) => {
      await bench.reopen({ ...steps({ lotSize }), paper: inCoins });
      expect((await bench.venue.holdings()).get('BTC')).toBe('0.00008500');
      return (await bench.venue.positions()).map(({ quantityLots }) => quantityLots);
    };
    expect(await lots('0.00001')).toEqual([8]);
    expect(await lots('0.000001')).toEqual([85]);
    expect(await lots('0.0001')).toEqual([]);
    expect(await lots('0.00001')).toEqual([8]);
  });

  const onlyEth = { instruments: [{ ...eth, id: 0 }] };

  it.each([
    ['since the last start', async () => undefined],
    ['of a position from before the last start', () => bench.reopen(steps())],
  ])('opens without an instrument that is flat: it was closed by a trade %s', async (_, between) => {
    await bench.buyOne();
    await between();
    await bench.venue.close();
    expect(() => bench.open(onlyEth)).toThrow(/position or an open order of BTC\/USDT/);
    bench.open(steps());
    await between();
    bench.quote(2000, 6_200_000, 6_200_002);
    await bench.venue.submit(approved({ side: 'sell' }));
    await bench.filled(1);
    const { cash } = await bench.venue.balances();
    await bench.reopen(onlyEth);
    expect(await bench.venue.balances()).toMatchObject({ cash });
    expect(await bench.venue.positions()).toEqual([]);
  });

  it('leaves coins too few to be sold behind with their instrument, and finds them again in other lots', async () => {
    const inCoins = { ...PAPER, takerFeePpm: 1500, feesIn: 'coin' as const };
    await bench.reopen({ ...steps(), paper: inCoins });
    await trade({ bought: 1000, sold: 990 });
    for (const restart of ['first', 'second']) {
      await bench.reopen(onlyEth);
      expect(await bench.venue.positions(), restart).toEqual([]);
      expect((await bench.venue.holdings()).get('BTC'), restart).toBe('0.00008500');
    }
    await bench.reopen(steps({ lotSize: '0.000001' }));
    expect(await bench.venue.positions()).toEqual([{ instrument: 0, quantityLots: 85 }]);
  });

  it('opens as written by an earlier version, which did not write the steps into it', async () => {
    await trade({ bought: 1000, sold: 400 });
    const account = () => Promise.all([bench.venue.balances(), bench.venue.positions()]);
    const before = await account();
    await bench.venue.close();
    changeState(({ instruments: _, ...state }) => state);
    // Its trades can't be counted without their instrument.
    expect(() => bench.open(onlyEth)).toThrow(/trades of BTC\/USDT.*start once, and take it out again/);
    bench.open();
    expect(await account()).toEqual(before);
  });
});

describe('minutes in which no trader ran', () => {
  const bar = (openMs: number, lowTicks: number) => ({
    instrument: 0,
    openMs,
    spanMs: 60_000,
    openTicks: 5_990_000,
    highTicks: 5_995_000,
    lowTicks,
    closeTicks: 5_980_000,
    volumeLots: 1,
  });

  it('are played against resting orders, and such fills are marked', async () => {
    await bench.buyOne();
    await bench.venue.submit(approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 }));
    bench.quote(60_000, 5_990_000, 5_990_100);
    await bench.reopen({ spreadTicks: [100, 2] });
    expect(bench.venue.seenMs).toBe(60_000);
    expect(
      await bench.venue.catchUp([bar(0, 1_000_000), bar(60_000, 5_950_000), bar(120_000, 5_899_000)]),
    ).toBe(1);
    // On the way to the low, which comes second to last in the third minute: at its price less slippage.
    expect(bench.fills()).toMatchObject([
      { caughtUp: true, priceTicks: 5_899_999, marketMs: 159_781, side: 'sell' },
    ]);
    expect(bench.venue.seenMs).toBe(180_000);
    expect(await bench.venue.catchUp([bar(120_000, 1_000_000)])).toBe(0);
  });

  it('are played against an order of the same minute with their close alone: what was before it is not known', async () => {
    await bench.buyOne();
    bench.quote(60_000, 5_990_000, 5_990_100);
    await bench.venue.submit(approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 }));
    bench.quote(60_500, 5_990_000, 5_990_100);
    await bench.reopen({ spreadTicks: [100, 2] });
    expect(await bench.venue.catchUp([bar(60_000, 5_850_000)])).toBe(0);
    expect(await bench.venue.catchUp([bar(120_000, 5_899_000)])).toBe(1);
  });

  it('are none for a new book', async () => {
    expect(await bench.venue.catchUp([bar(0, 1)])).toBe(0);
  });
});

describe('a linear contract on paper', () => {
  const perpetual: Instrument = buildInstrument(0, { ...btc, kind: 'linear', minNotional: '5' });

  it('may be sold short; only results and fees move the wallet', async () => {
    await bench.reopen({ instruments: [perpetual] });
    expect(capabilitiesIn(bench.venue.capabilities, perpetual)).toMatchObject({
      shorting: true,
      stopLocksBalance: false,
      reduceOnly: true,
    });
    bench.quote(1000, 6_000_000, 6_000_100);
    await bench.venue.submit(approved({ side: 'sell' }));
    await bench.filled(1);
    // Sold 0.01 at 59,999.99: fee 1.1999998
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('9998.8000002') });
    bench.quote(2000, 5_899_900, 5_899_998);
    await bench.venue.submit(approved({ side: 'buy', quantityLots: 2000, reduceOnly: true }));
    await bench.filled(2);
    // Bought back 0.01, not 0.02, at 58,999.99: result 10, fee 1.1799998
    expect(await bench.venue.positions()).toEqual([]);
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('10007.6200004') });
    expect(await bench.venue.submit(approved({ side: 'buy', reduceOnly: true }))).toMatchObject({
      code: '-2022',
    });
    expect(await bench.venue.submit(approved({ quantityLots: 20_000 }))).toMatchObject({ code: '-2019' });
  });

  it('is refused beyond the wallet, with all that is open and all that open orders may open', async () => {
    await bench.reopen({ instruments: [perpetual] });
    bench.quote(1000, 6_000_000, 6_000_100);
    const nearlyAll = { quantityLots: 16_000 } as const; // 9,600 of 10,000
    expect(await bench.venue.submit(approved(nearlyAll))).toMatchObject({ kind: 'accepted' });
    for (let order = 2; order <= 6; order += 1) {
      expect(await bench.venue.submit(approved(nearlyAll))).toMatchObject({ code: '-2019' });
    }
    await bench.filled(1);
    expect(await bench.venue.submit(approved(nearlyAll))).toMatchObject({ code: '-2019' });
    expect(
      await bench.venue.submit(approved({ ...nearlyAll, side: 'sell', reduceOnly: true })),
    ).toMatchObject({ kind: 'accepted' });
  });
});

describe('futures and stocks on paper', () => {
  const usual = { minNotional: '0', makerFeePpm: 0, takerFeePpm: 0, lotSize: '1' } as const;
  const coinOf = { symbol: btc.symbol, ...usual };
  const future = buildInstrument(0, { ...coinOf, kind: 'future', tickSize: '0.25', multiplier: '20' });
  const stock = buildInstrument(0, { ...coinOf, kind: 'stock', tickSize: '0.01' });
  const free = { ...PAPER, makerFeePpm: 0, takerFeePpm: 0, slippageTicks: 0, feesIn: 'coin' as const };

  it('a future pays the result of its points times the multiplier, and may be short', async () => {
    await bench.reopen({ instruments: [future], paper: free });
    expect(capabilitiesIn(bench.venue.capabilities, future).shorting).toBe(true);
    // 100.00; a contract is worth 2,000.
    bench.quote(1000, 400, 401);
    await bench.venue.submit(approved({ side: 'sell', quantityLots: 3 }));
    await bench.filled(1);
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('10000') });
    bench.quote(2000, 359, 360);
    await bench.venue.submit(approved({ side: 'buy', quantityLots: 3, reduceOnly: true }));
    await bench.filled(2);
    // Ten points of 20 dollars on three contracts.
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('10600') });
    expect(await bench.venue.submit(approved({ quantityLots: 6 }))).toMatchObject({ code: '-2019' });
  });

  it('shares are paid for, with their fee in cash, and none are sold that are not held', async () => {
    await bench.reopen({ instruments: [stock], paper: { ...free, takerFeePpm: 1000 } });
    expect(capabilitiesIn(bench.venue.capabilities, stock)).toMatchObject({
      shorting: false,
      stopLocksBalance: true,
    });
    bench.quote(1000, 9_999, 10_000);
    expect(await bench.venue.submit(approved({ side: 'sell', quantityLots: 1 }))).toMatchObject({
      code: '-2010',
    });
    // A hundred would leave nothing for the fee.
    expect(await bench.venue.submit(approved({ quantityLots: 100 }))).toMatchObject({ code: '-2010' });
    await bench.venue.submit(approved({ quantityLots: 50 }));
    await bench.filled(1);
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('4995') });
    expect(await bench.venue.positions()).toEqual([{ instrument: 0, quantityLots: 50 }]);
  });
});

describe('a paper account with a past', () => {
  it('begins with coins and trades of before, and reads them back', async () => {
    const old = {
      tradeId: 'of-before',
      clientId: 'somebody',
      symbol: 'BTC/USDT',
      side: 'buy',
      quantityLots: 50,
      priceTicks: 5_000_000,
      fee: 100,
      liquidity: 'taker',
      marketMs: 500,
      caughtUp: false,
    } as const;
    const venue = openPaperVenue({
      directory: null,
      prices: 'of this test',
      instruments: cryptoInstruments,
      paper: PAPER,
      nowMs: () => 42,
      past: { positions: [['BTC/USDT', { quantityLots: 50, cost: 0 }]], fills: [old], seenMs: 600 },
    });
    expect(await venue.positions()).toEqual([{ instrument: 0, quantityLots: 50 }]);
    expect(await venue.fillsSince(0)).toMatchObject([{ tradeId: 'of-before', instrument: 0 }]);
    expect([await venue.balances(), venue.seenMs]).toMatchObject([{ cash: parseMoney('10000') }, 600]);
    await venue.close();
  });
});

it('keeps the cost of a position exactly, also of billions of yen, so that its results are those of the desk’s books', () => {
  const pair = {
    kind: 'fx',
    ...{ tickSize: '0.001', pip: '0.01', lotSize: '0.01', multiplier: '100000', minNotional: '0' },
    ...{ makerFeePpm: 0, takerFeePpm: 0 },
  } as const;
  const pairs = ['GBP/JPY', 'USD/JPY'].map((symbol, id) => buildInstrument(id, { symbol, ...pair }));
  const made = new SteppedBench(withConversions(pairs, 'USD'), '10000000');
  made.quote(150_000, { instrument: 1 });
  made.quote(190_000);
  const trades = [
    ['buy', 3000, 190_000],
    ['buy', 3001, 190_003],
    ['sell', 777, 191_000],
    ['sell', 777, 191_000],
    ['sell', 4447, 191_000],
  ] as const;
  for (const [side, quantityLots, ticks] of trades) {
    made.submit({ side, quantityLots });
    made.quote(ticks);
  }
  expect(made.fills).toHaveLength(5);
  // In whole numbers: each sale at 191.000, less its part of 1,140,199,003 yen, at 1 ÷ 150, rounded to 0.00000001.
  expect(made.venue.cash).toBe(parseMoney('10039946.64666668'));
});
