import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildInstrument } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import { parseMoney } from '../../src/domain/money.js';
import {
  openPaperVenue,
  type PaperVenue,
  type PaperVenueOptions,
} from '../../src/venue/paper/paper-venue.js';
import type { VenueStreamEvent } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { btc, cryptoInstruments, eth } from '../support/paper-instruments.js';

let directory: string;
let venue: PaperVenue;
let events: VenueStreamEvent[];

const paper = {
  balance: '10000',
  currency: 'USDT',
  makerFeePpm: 1000,
  takerFeePpm: 2000,
  slippageTicks: 1,
  latencyMs: 5,
};

function open(more: Partial<PaperVenueOptions> = {}): PaperVenue {
  const prices = 'of this test';
  const instruments = cryptoInstruments;
  venue = openPaperVenue({ directory, prices, instruments, paper, nowMs: () => 42, ...more });
  events = [];
  venue.onEvent((event) => events.push(event));
  return venue;
}

async function reopen(more: Partial<PaperVenueOptions> = {}): Promise<PaperVenue> {
  await venue.close();
  return open(more);
}

function quote(
  marketMs: number,
  bidTicks: number,
  askTicks: number,
  more: { lots?: number; instrument?: number } = {},
): void {
  const lots = more.lots ?? 0;
  venue.onMarket({
    kind: 'quote',
    instrument: more.instrument ?? 0,
    marketMs,
    bidTicks,
    askTicks,
    bidLots: lots,
    askLots: lots,
  });
}

const fills = () => events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []));
const filled = (count: number) => eventually(() => expect(fills()).toHaveLength(count));

/** Buys 0.01 BTC at 60,000.01 with 0.2 % fee. */
async function buyOne(): Promise<void> {
  quote(1000, 5_999_800, 6_000_000);
  const before = fills().length;
  expect(await venue.submit(approved())).toMatchObject({ kind: 'accepted' });
  await filled(before + 1);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fermata-paper-'));
  open();
});
afterEach(async () => {
  await venue.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a market order on paper', () => {
  it('is filled at the ask plus slippage with the taker fee, and paid in cash', async () => {
    await buyOne();
    // 0.01 BTC × 60,000.01 = 600.0001; fee 0.2 % = 1.2000002
    expect(fills()[0]).toMatchObject({
      priceTicks: 6_000_001,
      quantityLots: 1000,
      liquidity: 'taker',
      simulated: true,
    });
    expect(fills()[0]?.fee).toBe(parseMoney('1.2000002'));
    expect(await venue.balances()).toEqual({ cash: parseMoney('9398.7998998'), currency: 'USDT' });
    expect(await venue.positions()).toEqual([{ instrument: 0, quantityLots: 1000 }]);
  });

  it('gets the money of a sale less the fee', async () => {
    await buyOne();
    quote(2000, 6_100_000, 6_100_200);
    await venue.submit(approved({ side: 'sell' }));
    await filled(2);
    // 0.01 × 60,999.99 = 609.9999; fee 1.2199998
    expect(await venue.balances()).toMatchObject({ cash: parseMoney('10007.5798') });
    expect(await venue.positions()).toEqual([]);
  });

  it('is not filled in the step in which it is sent, and meets the quote that comes after its latency', async () => {
    quote(1000, 5_999_800, 6_000_000);
    const order = approved();
    const answer = venue.submit(order);
    quote(1001, 5_999_900, 6_000_100);
    expect((await venue.orderByClientId(order.clientId, 0))?.state).toBe('working');
    await answer;
    quote(1004, 6_000_000, 6_000_200);
    quote(1005, 6_000_300, 6_000_500);
    await filled(1);
    expect(fills()[0]).toMatchObject({ priceTicks: 6_000_501, marketMs: 1005 });
  });

  it('does not wait for the next quote of a slow market: after the latency the last one stands', async () => {
    quote(1000, 5_999_800, 6_000_000);
    await venue.submit(approved());
    await filled(1);
    expect(fills()[0]).toMatchObject({ priceTicks: 6_000_001, marketMs: 1005 });
  });

  it('is refused while no price is known', async () => {
    expect(await venue.submit(approved())).toMatchObject({ kind: 'rejected', code: '-2010' });
  });
});

describe('a resting order on paper', () => {
  it('waits at its limit, fills there as maker, and is found by its client id throughout', async () => {
    quote(1000, 5_999_800, 6_000_000);
    const limit = approved({ type: 'limit', limitTicks: 5_990_000 });
    await venue.submit(limit);
    expect(await venue.openOrders()).toMatchObject([
      { clientId: limit.clientId, state: 'working', limitTicks: 5_990_000 },
    ]);
    quote(2000, 5_989_900, 5_990_001);
    expect(fills()).toEqual([]);
    quote(3000, 5_989_000, 5_989_200);
    await filled(1);
    // 599 × 0.1 %
    expect(fills()[0]).toMatchObject({ priceTicks: 5_990_000, liquidity: 'maker', fee: parseMoney('0.599') });
    expect(await venue.orderByClientId(limit.clientId, 0)).toMatchObject({
      state: 'filled',
      filledLots: 1000,
    });
    expect(await venue.openOrders()).toEqual([]);
  });

  it('is cancelled once; then it is not open', async () => {
    quote(1000, 5_999_800, 6_000_000);
    const limit = approved({ type: 'limit', limitTicks: 5_990_000 });
    await venue.submit(limit);
    expect(await venue.cancel(limit.clientId, 0)).toEqual({ kind: 'cancelled' });
    expect(await venue.cancel(limit.clientId, 0)).toEqual({
      kind: 'notOpen',
      code: '-2011',
      text: 'Unknown order sent.',
    });
    quote(3000, 5_989_000, 5_989_200);
    expect(await venue.orderByClientId(limit.clientId, 0)).toMatchObject({
      state: 'cancelled',
      filledLots: 0,
    });
    expect(await venue.orderByClientId('fnever', 0)).toBeNull();
  });

  it('that may not rest expires with what was not filled', async () => {
    quote(1000, 5_999_800, 6_000_000);
    await venue.submit(approved({ type: 'limit', limitTicks: 5_990_000, timeInForce: 'IOC' }));
    await eventually(() => expect(events).toMatchObject([{ kind: 'order', order: { state: 'expired' } }]));
  });

  it('sells at the stop as a market order', async () => {
    await buyOne();
    await venue.submit(approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000, purpose: 'protective' }));
    quote(2000, 5_900_001, 5_900_200);
    quote(3000, 5_899_000, 5_899_200);
    await filled(2);
    expect(fills()[1]).toMatchObject({ priceTicks: 5_898_999, liquidity: 'taker', side: 'sell' });
  });

  it('is filled by no more than the quoted size where sizes count', async () => {
    await reopen({ limitToQuoteSize: true });
    quote(1000, 5_999_800, 6_000_000, { lots: 5000 });
    const limit = approved({ type: 'limit', limitTicks: 5_990_000 });
    await venue.submit(limit);
    quote(2000, 5_989_000, 5_989_200, { lots: 600 });
    await filled(1);
    expect(await venue.orderByClientId(limit.clientId, 0)).toMatchObject({
      state: 'partlyFilled',
      filledLots: 600,
    });
    quote(3000, 5_989_000, 5_989_200, { lots: 600 });
    await filled(2);
    expect(fills().map(({ quantityLots }) => quantityLots)).toEqual([600, 400]);
  });
});

describe('what the paper venue refuses', () => {
  const insufficient = {
    kind: 'rejected',
    code: '-2010',
    text: 'Account has insufficient balance for requested action.',
  };

  it('is a second sale beyond the balance that a resting stop locks, until the stop is cancelled', async () => {
    await buyOne();
    expect(venue.capabilities.stopLocksBalance).toBe(true);
    const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 });
    await venue.submit(stop);
    expect(await venue.submit(approved({ side: 'sell' }))).toEqual(insufficient);
    await venue.cancel(stop.clientId, 0);
    expect(await venue.submit(approved({ side: 'sell' }))).toMatchObject({ kind: 'accepted' });
    await filled(2);
  });

  it('is a sale of what is not there: no shorting', async () => {
    quote(1000, 5_999_800, 6_000_000);
    expect(await venue.submit(approved({ side: 'sell' }))).toEqual(insufficient);
  });

  it('is a buy beyond the free cash, with what other orders hold back and the fee', async () => {
    quote(1000, 5_999_800, 6_000_000);
    // 0.1 BTC at 60,000 = 6,000 + 12 fee; 3,988 are left
    expect(
      await venue.submit(approved({ type: 'limit', limitTicks: 5_000_000, quantityLots: 12_000 })),
    ).toMatchObject({ kind: 'accepted' });
    quote(1000, 299_900, 300_000, { instrument: 1 });
    expect(
      await venue.submit(
        approved({ instrument: 1, type: 'limit', limitTicks: 300_000, quantityLots: 13_300 }),
      ),
    ).toEqual(insufficient);
    expect(
      await venue.submit(
        approved({ instrument: 1, type: 'limit', limitTicks: 299_000, quantityLots: 13_200 }),
      ),
    ).toMatchObject({ kind: 'accepted' });
  });

  it('is a client id that was used, also after a restart', async () => {
    quote(1000, 5_999_800, 6_000_000);
    const first = approved({ type: 'limit', limitTicks: 5_990_000 });
    await venue.submit(first);
    const duplicate = { kind: 'rejected', code: '-2010', text: 'Duplicate order sent.' };
    expect(await venue.submit(first)).toEqual(duplicate);
    await venue.cancel(first.clientId, 0);
    await reopen();
    expect(await venue.submit(first)).toEqual(duplicate);
  });

  it('is an order below the smallest value or without a whole quantity or price', async () => {
    quote(1000, 5_999_800, 6_000_000);
    const rejections = await Promise.all([
      venue.submit(approved({ quantityLots: 8 })),
      venue.submit(approved({ quantityLots: 0 })),
      venue.submit(approved({ quantityLots: 1.5 })),
      venue.submit(approved({ type: 'limit', limitTicks: 0 })),
      venue.submit(approved({ instrument: 9 })),
    ]);
    expect(rejections.map((each) => (each.kind === 'rejected' ? each.text : each.kind))).toEqual([
      'Filter failure: NOTIONAL',
      'Filter failure: LOT_SIZE',
      'Filter failure: LOT_SIZE',
      'Filter failure: PRICE_FILTER',
      'Invalid symbol.',
    ]);
  });
});

describe('the book of the paper venue', () => {
  it('survives a restart with orders, positions, cash and fills', async () => {
    await buyOne();
    const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 });
    await venue.submit(stop);
    const before = [
      await venue.balances(),
      await venue.positions(),
      await venue.openOrders(),
      await venue.fillsSince(0),
    ];
    await reopen();
    expect([
      await venue.balances(),
      await venue.positions(),
      await venue.openOrders(),
      await venue.fillsSince(0),
    ]).toEqual(before);
    quote(3000, 5_800_000, 5_800_200);
    await filled(1);
    expect((await venue.fillsSince(1500)).map(({ tradeId }) => tradeId)).toEqual([fills()[0]?.tradeId]);
    expect(new Set((await venue.fillsSince(0)).map(({ tradeId }) => tradeId)).size).toBe(2);
  });

  it('has the order on disk when it is acknowledged and the fill when it is told', async () => {
    quote(1000, 5_999_800, 6_000_000);
    const book = () => readFileSync(join(directory, 'book.jsonl'), 'utf8');
    const first = approved();
    await venue.submit(first);
    expect(book()).toContain(first.clientId);
    await filled(1);
    expect(book()).toContain(fills()[0]?.tradeId);
  });

  it('cuts off a torn last line and keeps what was whole', async () => {
    await buyOne();
    const kept = await venue.balances();
    await venue.close();
    appendFileSync(join(directory, 'book.jsonl'), '1234abcd 99 {"type":"fi');
    open();
    expect(await venue.balances()).toEqual(kept);
    expect(readFileSync(join(directory, 'book.jsonl'), 'utf8')).not.toContain('1234abcd');
  });

  it('is whole after a crash at any byte: what was acknowledged before stays', async () => {
    await buyOne();
    await venue.close();
    const whole = readFileSync(join(directory, 'book.jsonl'));
    const firstLine = whole.indexOf(0x0a) + 1;
    for (let bytes = firstLine; bytes <= whole.length; bytes += 7) {
      writeFileSync(join(directory, 'book.jsonl'), whole.subarray(0, bytes));
      open();
      const [position] = await venue.positions();
      const bought = (await venue.fillsSince(0)).reduce((sum, fill) => sum + fill.quantityLots, 0);
      expect(position?.quantityLots ?? 0).toBe(bought);
      await venue.close();
    }
  });

  it('is refused when it is damaged in the middle', async () => {
    await buyOne();
    await venue.close();
    const path = join(directory, 'book.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[1] = (lines[1] as string).replace('fabc', 'fxyz');
    writeFileSync(path, lines.join('\n'));
    expect(() => open()).toThrow(/line 2: the line is damaged.*fermata paper reset/);
  });

  it('keeps its place when the desk file puts the instruments in another order, and is refused when one is gone', async () => {
    await buyOne();
    const turned = [
      { ...eth, id: 0 },
      { ...btc, id: 1 },
    ];
    await reopen({ instruments: turned });
    expect(await venue.positions()).toEqual([{ instrument: 1, quantityLots: 1000 }]);
    await venue.close();
    expect(() => open({ instruments: [{ ...eth, id: 0 }] })).toThrow(
      /position or an open order of BTC\/USDT/,
    );
    expect(() => open({ paper: { ...paper, currency: 'EUR' } })).toThrow(/paper money is in EUR/);
  });

  it('stays small however much happens', async () => {
    quote(1000, 5_999_800, 6_000_000);
    for (let round = 0; round < 60; round += 1) {
      const batch = Array.from({ length: 100 }, () =>
        approved({ type: 'limit', limitTicks: 100_000 + round, quantityLots: 1000 }),
      );
      await Promise.all(batch.map((each) => venue.submit(each)));
      await Promise.all(batch.map((each) => venue.cancel(each.clientId, 0)));
    }
    const book = readFileSync(join(directory, 'book.jsonl'), 'utf8');
    // Rewritten on the way: 12,000 records went in, and the first line holds the sum of many.
    expect(book.split('\n').length).toBeLessThan(8000);
    expect(Number(book.split(' ', 2)[1])).toBeGreaterThan(1000);
    await reopen();
    expect(await venue.openOrders()).toEqual([]);
  });

  it('keeps its money when the desk file changes its balance', async () => {
    await reopen({ paper: { ...paper, balance: '500' } });
    expect(await venue.balances()).toMatchObject({ cash: parseMoney('10000') });
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
    await buyOne();
    await venue.submit(approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 }));
    quote(60_000, 5_990_000, 5_990_100);
    await reopen({ spreadTicks: [100, 2] });
    expect(venue.seenMs).toBe(60_000);
    expect(await venue.catchUp([bar(0, 1_000_000), bar(60_000, 5_950_000), bar(120_000, 5_899_000)])).toBe(1);
    // The low comes second to last in the third minute: bid 58,989.50 less slippage.
    expect(fills()).toMatchObject([
      { caughtUp: true, priceTicks: 5_898_949, marketMs: 160_000, side: 'sell' },
    ]);
    expect(venue.seenMs).toBe(180_000);
    expect(await venue.catchUp([bar(120_000, 1_000_000)])).toBe(0);
  });

  it('are none for a new book', async () => {
    expect(await venue.catchUp([bar(0, 1)])).toBe(0);
  });
});

describe('a linear contract on paper', () => {
  const perpetual: Instrument = buildInstrument(0, { ...btc, kind: 'linear', minNotional: '5' });

  it('may be sold short; only results and fees move the wallet', async () => {
    await reopen({ instruments: [perpetual] });
    expect(venue.capabilities).toMatchObject({ shorting: true, stopLocksBalance: false, reduceOnly: true });
    quote(1000, 6_000_000, 6_000_100);
    await venue.submit(approved({ side: 'sell' }));
    await filled(1);
    // Sold 0.01 at 59,999.99: fee 1.1999998
    expect(await venue.balances()).toMatchObject({ cash: parseMoney('9998.8000002') });
    quote(2000, 5_899_900, 5_899_998);
    await venue.submit(approved({ side: 'buy', quantityLots: 2000, reduceOnly: true }));
    await filled(2);
    // Bought back 0.01, not 0.02, at 58,999.99: result 10, fee 1.1799998
    expect(await venue.positions()).toEqual([]);
    expect(await venue.balances()).toMatchObject({ cash: parseMoney('10007.6200004') });
    expect(await venue.submit(approved({ side: 'buy', reduceOnly: true }))).toMatchObject({ code: '-2022' });
    expect(await venue.submit(approved({ quantityLots: 20_000 }))).toMatchObject({ code: '-2019' });
  });
});
