import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseMoney } from '../../src/domain/money.js';
import { capabilitiesIn } from '../../src/domain/order-bounds.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { cryptoInstruments } from '../support/paper-instruments.js';
import { PaperBench } from './paper-bench.js';

let bench: PaperBench;
beforeEach(() => {
  bench = new PaperBench();
});
afterEach(() => bench.end());

describe('a market order on paper', () => {
  it('is filled at the ask plus slippage with the taker fee, and paid in cash', async () => {
    await bench.buyOne();
    // 0.01 BTC × 60,000.01 = 600.0001; fee 0.2 % = 1.2000002
    expect(bench.fills()[0]).toMatchObject({
      priceTicks: 6_000_001,
      quantityLots: 1000,
      liquidity: 'taker',
      simulated: true,
    });
    expect(bench.fills()[0]?.fee).toBe(parseMoney('1.2000002'));
    expect(await bench.venue.balances()).toEqual({ cash: parseMoney('9398.7998998'), currency: 'USDT' });
    expect(await bench.venue.positions()).toEqual([{ instrument: 0, quantityLots: 1000 }]);
  });

  it('gets the money of a sale less the fee', async () => {
    await bench.buyOne();
    bench.quote(2000, 6_100_000, 6_100_200);
    await bench.venue.submit(approved({ side: 'sell' }));
    await bench.filled(2);
    // 0.01 × 60,999.99 = 609.9999; fee 1.2199998
    expect(await bench.venue.balances()).toMatchObject({ cash: parseMoney('10007.5798') });
    expect(await bench.venue.positions()).toEqual([]);
  });

  it('is not filled in the step in which it is sent, and meets the quote that comes after its latency', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const order = approved();
    const answer = bench.venue.submit(order);
    bench.quote(1001, 5_999_900, 6_000_100);
    expect((await bench.venue.orderByClientId(order.clientId, 0))?.state).toBe('working');
    await answer;
    bench.quote(1004, 6_000_000, 6_000_200);
    bench.quote(1005, 6_000_300, 6_000_500);
    await bench.filled(1);
    expect(bench.fills()[0]).toMatchObject({ priceTicks: 6_000_501, marketMs: 1005 });
  });

  it('does not wait for the next quote of a slow market: after the latency the last one stands', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    await bench.venue.submit(approved());
    await bench.filled(1);
    expect(bench.fills()[0]).toMatchObject({ priceTicks: 6_000_001, marketMs: 1005 });
  });

  it('is refused while no price is known', async () => {
    expect(await bench.venue.submit(approved())).toMatchObject({ kind: 'rejected', code: '-2010' });
  });
});

describe('a resting order on paper', () => {
  it('waits at its limit, fills there as maker, and is found by its client id throughout', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const limit = approved({ type: 'limit', limitTicks: 5_990_000 });
    await bench.venue.submit(limit);
    expect(await bench.venue.openOrders()).toMatchObject([
      { clientId: limit.clientId, state: 'working', limitTicks: 5_990_000 },
    ]);
    bench.quote(2000, 5_989_900, 5_990_001);
    expect(bench.fills()).toEqual([]);
    bench.quote(3000, 5_989_000, 5_989_200);
    await bench.filled(1);
    // 599 × 0.1 %
    expect(bench.fills()[0]).toMatchObject({
      priceTicks: 5_990_000,
      liquidity: 'maker',
      fee: parseMoney('0.599'),
    });
    expect(await bench.venue.orderByClientId(limit.clientId, 0)).toMatchObject({
      state: 'filled',
      filledLots: 1000,
    });
    expect(await bench.venue.openOrders()).toEqual([]);
  });

  it('is cancelled once; then it is not open', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const limit = approved({ type: 'limit', limitTicks: 5_990_000 });
    await bench.venue.submit(limit);
    expect(await bench.venue.cancel(limit.clientId, 0)).toEqual({ kind: 'cancelled' });
    expect(await bench.venue.cancel(limit.clientId, 0)).toEqual({
      kind: 'notOpen',
      code: '-2011',
      text: 'Unknown order sent.',
    });
    bench.quote(3000, 5_989_000, 5_989_200);
    expect(await bench.venue.orderByClientId(limit.clientId, 0)).toMatchObject({
      state: 'cancelled',
      filledLots: 0,
    });
    expect(await bench.venue.orderByClientId('fnever', 0)).toBeNull();
  });

  it('that may not rest expires with what was not filled', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    await bench.venue.submit(approved({ type: 'limit', limitTicks: 5_990_000, timeInForce: 'IOC' }));
    await eventually(() =>
      expect(bench.events).toMatchObject([{ kind: 'order', order: { state: 'expired' } }]),
    );
  });

  it('at the market with a worst price is filled no worse, and leaves nothing resting in a thin book', async () => {
    await bench.reopen({ limitToQuoteSize: true });
    bench.quote(1000, 5_999_800, 6_000_000, { lots: 400 });
    const bounded = { type: 'market', limitTicks: 6_000_000, timeInForce: 'IOC' } as const;
    await bench.venue.submit(approved(bounded));
    await bench.filled(1);
    expect(bench.fills()[0]).toMatchObject({ priceTicks: 6_000_000, quantityLots: 400, liquidity: 'taker' });
    await eventually(() => expect(bench.events.at(-1)).toMatchObject({ order: { state: 'expired' } }));
    await bench.venue.submit(approved({ ...bounded, limitTicks: 5_999_999 }));
    await eventually(() => expect(bench.events.at(-1)).toMatchObject({ order: { filledLots: 0 } }));
    expect(bench.fills()).toHaveLength(1);
    expect(await bench.venue.openOrders()).toEqual([]);
  });

  it('that is post-only is refused where it would take, and expires where the market meets it on its way', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const postOnly = { type: 'limit', postOnly: true } as const;
    expect(await bench.venue.submit(approved({ ...postOnly, limitTicks: 6_000_000 }))).toEqual({
      ...{
        kind: 'rejected',
        code: '-2010',
        text: 'Order would immediately match and take.',
        wouldTake: true,
      },
    });
    const late = approved({ ...postOnly, limitTicks: 5_999_900 });
    expect(await bench.venue.submit(late)).toMatchObject({ kind: 'accepted' });
    bench.quote(2000, 5_999_700, 5_999_900);
    await eventually(() =>
      expect(bench.events).toMatchObject([
        { kind: 'order', order: { clientId: late.clientId, state: 'expired' } },
      ]),
    );
    expect(bench.fills()).toEqual([]);
  });

  it('that is post-only fills at its limit as maker once it rests', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    await bench.venue.submit(approved({ type: 'limit', postOnly: true, limitTicks: 5_999_900 }));
    bench.quote(2000, 5_999_800, 6_000_000);
    bench.quote(3000, 5_999_500, 5_999_700);
    await bench.filled(1);
    expect(bench.fills()[0]).toMatchObject({ priceTicks: 5_999_900, liquidity: 'maker' });
  });

  it('that is to be filled whole takes nothing of a book that is too thin for it', async () => {
    await bench.reopen({ limitToQuoteSize: true });
    bench.quote(1000, 5_999_800, 6_000_000, { lots: 999 });
    const whole = { type: 'limit', limitTicks: 6_000_000, timeInForce: 'FOK' } as const;
    await bench.venue.submit(approved(whole));
    await eventually(() =>
      expect(bench.events).toMatchObject([{ kind: 'order', order: { state: 'expired', filledLots: 0 } }]),
    );
    bench.quote(2000, 5_999_800, 6_000_000, { lots: 1000 });
    await bench.venue.submit(approved(whole));
    await bench.filled(1);
    expect(bench.fills()[0]).toMatchObject({ quantityLots: 1000, liquidity: 'taker' });
  });

  it('that a gap took past its worst price is a limit order from then on, also after a restart', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const entry = approved({ type: 'stop', stopTicks: 6_010_000, limitTicks: 6_011_000 });
    expect(await bench.venue.submit(entry)).toMatchObject({ kind: 'accepted' });
    bench.quote(2000, 6_009_700, 6_009_900);
    bench.quote(3000, 6_019_800, 6_020_000);
    await bench.reopen();
    expect(await bench.venue.openOrders()).toMatchObject([
      { clientId: entry.clientId, type: 'stop', state: 'working', limitTicks: 6_011_000 },
    ]);
    bench.quote(4000, 6_004_800, 6_005_000);
    await bench.filled(1);
    expect(bench.fills()[0]).toMatchObject({ priceTicks: 6_011_000, liquidity: 'maker', marketMs: 4000 });
  });

  it('by a stop holds back what it may cost at worst', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    // 0.16 BTC cost 9,600 at the trigger, and 10,080 at the worst price: there are 10,000.
    const entry = { type: 'stop', stopTicks: 6_000_100, quantityLots: 16_000 } as const;
    const dear = await bench.venue.submit(approved({ ...entry, limitTicks: 6_300_000 }));
    expect(dear).toMatchObject({ kind: 'rejected', code: '-2010' });
    const good = await bench.venue.submit(approved({ ...entry, limitTicks: 6_001_000 }));
    expect(good).toMatchObject({ kind: 'accepted' });
  });

  it('sells at the stop as a market order', async () => {
    await bench.buyOne();
    await bench.venue.submit(
      approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000, purpose: 'protective' }),
    );
    bench.quote(2000, 5_900_001, 5_900_200);
    bench.quote(3000, 5_899_000, 5_899_200);
    await bench.filled(2);
    expect(bench.fills()[1]).toMatchObject({ priceTicks: 5_898_999, liquidity: 'taker', side: 'sell' });
  });

  it('is filled by no more than the quoted size where sizes count', async () => {
    await bench.reopen({ limitToQuoteSize: true });
    bench.quote(1000, 5_999_800, 6_000_000, { lots: 5000 });
    const limit = approved({ type: 'limit', limitTicks: 5_990_000 });
    await bench.venue.submit(limit);
    bench.quote(2000, 5_989_000, 5_989_200, { lots: 600 });
    await bench.filled(1);
    expect(await bench.venue.orderByClientId(limit.clientId, 0)).toMatchObject({
      state: 'partlyFilled',
      filledLots: 600,
    });
    bench.quote(3000, 5_989_000, 5_989_200, { lots: 600 });
    await bench.filled(2);
    expect(bench.fills().map(({ quantityLots }) => quantityLots)).toEqual([600, 400]);
  });
});

describe('an order that takes, in a thin book,', () => {
  it('gets what is offered, and the rest of it expires as at the exchange', async () => {
    await bench.reopen({ limitToQuoteSize: true });
    bench.quote(1000, 5_999_800, 6_000_000, { lots: 600 });
    const market = approved();
    await bench.venue.submit(market);
    bench.quote(2000, 5_999_800, 6_000_000, { lots: 600 });
    await bench.filled(1);
    await eventually(async () =>
      expect(await bench.venue.orderByClientId(market.clientId, 0)).toMatchObject({
        state: 'expired',
        filledLots: 600,
      }),
    );
    bench.quote(3000, 5_999_800, 6_000_000, { lots: 600 });
    expect(bench.fills()).toHaveLength(1);
  });
});

describe('what the paper venue refuses', () => {
  const insufficient = {
    kind: 'rejected',
    code: '-2010',
    text: 'Account has insufficient balance for requested action.',
  };

  it('is a stop that would trigger as it arrives, with the code of the exchange', async () => {
    await bench.buyOne();
    bench.quote(2000, 5_899_000, 5_899_200);
    const stop = { side: 'sell', type: 'stop', purpose: 'protective' } as const;
    expect(await bench.venue.submit(approved({ ...stop, stopTicks: 5_899_000 }))).toEqual({
      kind: 'rejected',
      code: '-2010',
      text: 'Stop price would trigger immediately.',
      wouldTrigger: true,
    });
    expect(await bench.venue.submit(approved({ ...stop, stopTicks: 5_898_999 }))).toMatchObject({
      kind: 'accepted',
    });
  });

  it('is a second sale beyond the balance that a resting stop locks, until the stop is cancelled', async () => {
    await bench.buyOne();
    expect(capabilitiesIn(bench.venue.capabilities, { kind: 'spot' }).stopLocksBalance).toBe(true);
    const stop = approved({ side: 'sell', type: 'stop', stopTicks: 5_900_000 });
    await bench.venue.submit(stop);
    expect(await bench.venue.submit(approved({ side: 'sell' }))).toEqual(insufficient);
    await bench.venue.cancel(stop.clientId, 0);
    expect(await bench.venue.submit(approved({ side: 'sell' }))).toMatchObject({ kind: 'accepted' });
    await bench.filled(2);
  });

  it('is a sale of what is not there: no shorting', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    expect(await bench.venue.submit(approved({ side: 'sell' }))).toEqual(insufficient);
  });

  it('is a buy beyond the free cash, with what other orders hold back and the fee', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    // 0.1 BTC at 60,000 = 6,000 + 12 fee; 3,988 are left
    expect(
      await bench.venue.submit(approved({ type: 'limit', limitTicks: 5_000_000, quantityLots: 12_000 })),
    ).toMatchObject({ kind: 'accepted' });
    bench.quote(1000, 299_900, 300_000, { instrument: 1 });
    expect(
      await bench.venue.submit(
        approved({ instrument: 1, type: 'limit', limitTicks: 300_000, quantityLots: 13_300 }),
      ),
    ).toEqual(insufficient);
    expect(
      await bench.venue.submit(
        approved({ instrument: 1, type: 'limit', limitTicks: 299_000, quantityLots: 13_200 }),
      ),
    ).toMatchObject({ kind: 'accepted' });
  });

  it('is a client id that was used, also after a restart', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const first = approved({ type: 'limit', limitTicks: 5_990_000 });
    await bench.venue.submit(first);
    const duplicate = { kind: 'rejected', code: '-2010', text: 'Duplicate order sent.' };
    expect(await bench.venue.submit(first)).toEqual(duplicate);
    await bench.venue.cancel(first.clientId, 0);
    await bench.reopen();
    expect(await bench.venue.submit(first)).toEqual(duplicate);
  });

  it('is an order of fewer lots than the exchange takes, or of more at the market', async () => {
    const bounds = { minQuantityLots: 10, maxQuantityLots: 9_000, maxMarketLots: 1_000 };
    await bench.reopen({ instruments: cryptoInstruments.map((one) => ({ ...one, ...bounds })) });
    bench.quote(1000, 5_999_800, 6_000_000);
    const answerTo = async (order: Parameters<typeof approved>[0]) => {
      const outcome = await bench.venue.submit(approved(order));
      return outcome.kind === 'rejected' ? outcome.text : outcome.kind;
    };
    const limit = { type: 'limit', limitTicks: 5_000_000 } as const;
    expect(await answerTo({ quantityLots: 9 })).toBe('Filter failure: LOT_SIZE');
    expect(await answerTo({ ...limit, quantityLots: 9_001 })).toBe('Filter failure: LOT_SIZE');
    expect(await answerTo({ ...limit, quantityLots: 1_001 })).toBe('accepted');
    expect(await answerTo({ quantityLots: 1_001 })).toBe('Filter failure: MARKET_LOT_SIZE');
    expect(await answerTo({ quantityLots: 1_000 })).toBe('accepted');
    await bench.filled(1);
    const stop = { side: 'sell', type: 'stop', stopTicks: 5_000_000 } as const;
    expect(await answerTo({ ...stop, quantityLots: 1_001 })).toBe('Filter failure: MARKET_LOT_SIZE');
    expect(await answerTo({ ...stop, quantityLots: 1_000 })).toBe('accepted');
  });

  describe('is a stop of which as many rest as the venue takes of a symbol', () => {
    const stopAt = (stopTicks: number) =>
      approved({ side: 'sell', type: 'stop', stopTicks, quantityLots: 100 });
    const tooMany = {
      ...{ kind: 'rejected', code: '-1013', tooMany: true },
      text: 'Filter failure: MAX_NUM_ALGO_ORDERS',
    };
    const taking = (maxStops: number) => ({
      instruments: cryptoInstruments.map((one) => ({ ...one, maxStops })),
    });

    it('also one that is to replace another of them: there is room once that is cancelled', async () => {
      await bench.reopen(taking(2));
      await bench.buyOne();
      const [first, second] = [stopAt(5_900_000), stopAt(5_910_000)];
      for (const one of [first, second])
        expect(await bench.venue.submit(one)).toMatchObject({ kind: 'accepted' });
      expect(await bench.venue.submit(stopAt(5_920_000))).toMatchObject(tooMany);
      expect(await bench.venue.replace(first.clientId, stopAt(5_930_000))).toMatchObject(tooMany);
      expect(await bench.venue.openOrders()).toMatchObject(
        [first, second].map(({ clientId }) => ({ clientId })),
      );
      const target = approved({ side: 'sell', type: 'limit', limitTicks: 6_100_000, quantityLots: 100 });
      expect(await bench.venue.submit(target)).toMatchObject({ kind: 'accepted' });
      await bench.venue.cancel(first.clientId, 0);
      expect(await bench.venue.submit(stopAt(5_930_000))).toMatchObject({ kind: 'accepted' });
      expect(bench.venue.quantityLimits()).toMatchObject([
        { instrument: 0, maxStops: 2 },
        { instrument: 1, maxStops: 2 },
      ]);
    });

    it('except in a book that had more before there was a bound: it keeps those that it has', async () => {
      await bench.buyOne();
      const stops = [5_900_000, 5_910_000, 5_920_000].map(stopAt);
      for (const one of stops) await bench.venue.submit(one);
      await bench.reopen(taking(2));
      bench.quote(2000, 5_999_800, 6_000_000);
      expect(await bench.venue.submit(stopAt(5_930_000))).toMatchObject(tooMany);
      await bench.venue.cancel(stops[0]!.clientId, 0);
      expect(await bench.venue.submit(stopAt(5_930_000))).toMatchObject({ kind: 'accepted' });
    });
  });

  it('is an order below the smallest value or without a whole quantity or price', async () => {
    bench.quote(1000, 5_999_800, 6_000_000);
    const rejections = await Promise.all([
      bench.venue.submit(approved({ quantityLots: 8 })),
      bench.venue.submit(approved({ quantityLots: 0 })),
      bench.venue.submit(approved({ quantityLots: 1.5 })),
      bench.venue.submit(approved({ type: 'limit', limitTicks: 0 })),
      bench.venue.submit(approved({ instrument: 9 })),
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
