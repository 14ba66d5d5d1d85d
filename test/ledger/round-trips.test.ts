/** Round trips from the ledger are those that the engine counts: with fees in coins, adopted and claimed positions. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildInstrument, withConversions } from '../../src/domain/build-instrument.js';
import type { Instrument } from '../../src/domain/instrument.js';
import type { Fill, OrderIntent } from '../../src/domain/order.js';
import { applyRecord } from '../../src/engine/apply-record.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { createState } from '../../src/engine/state.js';
import { applyBatch } from '../../src/ledger/apply-batch.js';
import { readAnalytics } from '../../src/operations/results/read-analytics.js';
import { periodsOf, readResults } from '../../src/operations/results/read-results.js';
import { readCosts, readLiveFills } from '../../src/store/ledger-figures.js';
import { createTestDatabase, stepsOfQuery, type TestDatabase } from '../support/postgres.js';
import { entriesOf, INSTRUMENTS, recordsOfTrades } from './support/journal-of-trades.js';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 5, 10);
/** Of one Bitcoin: 50 000.00 and 51 000.00, in lots of 0.00001. */
const [LOW, HIGH] = [5_000_000, 5_100_000];

const UTC = { timezone: 'UTC', dayBoundary: '00:00' };

let database: TestDatabase;
let minutes = 0;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function now(): number {
  minutes += 1;
  return START_MS + minutes * 60_000;
}

function trade(side: Fill['side'], quantityLots: number, priceTicks: number, coins?: string): EngineRecord {
  const marketMs = now();
  const tradeId = `t${minutes}`;
  const common = { tradeId, clientId: `fabc123${minutes}`, instrument: 0, liquidity: 'taker' } as const;
  // A money unit is a hundred-millionth, as a unit of the coin is.
  const paid =
    coins === undefined
      ? { fee: 10_000_000 }
      : { fee: Math.round(Number(coins) * priceTicks * 1e6), feeIn: { asset: 'BTC', amount: coins } };
  return {
    type: 'fill',
    fill: { ...common, side, quantityLots, priceTicks, ...paid, marketMs, simulated: true },
  };
}

const adopted = (quantityLots: number): EngineRecord => ({
  type: 'position.adopted',
  ...{ instrument: 0, quantityLots, priceTicks: LOW },
  marketMs: now(),
});

/** Not filled by itself: only where it was, and since when. */
const stopOrder = (clientId: string, stopTicks: number): EngineRecord => ({
  type: 'order.intended',
  order: {
    ...{ clientId, instrument: 0, strategy: 'cross', purpose: 'protective', side: 'sell', type: 'stop' },
    ...{ quantityLots: 200, limitTicks: null, stopTicks, protectTicks: null, reduceOnly: false },
    timeInForce: 'GTC',
  } as OrderIntent,
  marketMs: now(),
});

/** One after the other in a new journal of a new desk: what the page is told, and what the engine makes of the same. */
async function told(
  desk: string,
  records: readonly EngineRecord[],
  instruments: readonly Instrument[] = INSTRUMENTS,
  incarnation = 'abc123',
) {
  const configs = recordsOfTrades(1, 1).map((record) => ({ ...record, instruments }));
  const entries = entriesOf([...configs, ...records], incarnation);
  await applyBatch(database.pool, { desk, simulated: true }, entries);
  const state = createState();
  for (const { record } of entries) applyRecord(state, record);
  const span = { fromMs: START_MS, toMs: START_MS + DAY_MS };
  const periods = periodsOf('day', span, UTC);
  const results = await readResults(database.pool, {
    desk,
    symbol: null,
    strategy: null,
    periods,
    listMax: 100,
  });
  const analytics = await readAnalytics(database.pool, desk, START_MS, 'USDT');
  expect(analytics).toMatchObject({ trades: results.total.trips, wins: results.total.wins });
  const counted = [...state.trips.values()];
  return {
    ...results,
    analytics,
    shown: results.roundTrips.map(({ side, quantity, entry, exit, net }) => [
      side,
      quantity,
      entry,
      exit,
      net,
    ]),
    engine: {
      trips: counted.reduce((sum, { trades }) => sum + trades, 0),
      wins: counted.reduce((sum, { wins }) => sum + wins, 0),
    },
    /** What the engine makes of all trades together, in money units. */
    realised: counted.reduce((sum, { realised }) => sum + realised, 0n),
  };
}

it('end where less than a lot is left of a fee that was taken in the coin, and what is left counts on', async () => {
  const { total, engine, shown } = await told('coin-fees', [
    // A whole lot is kept.
    ...[trade('buy', 1_000, LOW, '0.00001'), trade('sell', 999, HIGH)],
    // 0.0000096 and then 0.0000092 remain: of the second purchase a lot more can be sold.
    ...[trade('buy', 1_000, LOW, '0.0000104'), trade('sell', 998, HIGH)],
    ...[trade('buy', 1_000, LOW, '0.0000104'), trade('sell', 999, HIGH)],
    trade('buy', 500, LOW, '0.000005'),
  ]);
  expect(total).toMatchObject({ trips: 3, wins: 3 });
  expect(engine).toEqual({ trips: 3, wins: 3 });
  expect(shown.map(([side, quantity, entry, exit]) => [side, quantity, entry, exit])).toEqual(
    Array(3).fill(['long', '0.01', '50000', '51000']),
  );
});

it('cost what their fees were worth, also where that was only known later', async () => {
  const desk = 'fee-valued';
  const feeIn = { asset: 'BNB', amount: '0.00100000' };
  const unvalued = (side: Fill['side'], priceTicks: number): EngineRecord => {
    const done = trade(side, 100, priceTicks) as Extract<EngineRecord, { readonly type: 'fill' }>;
    return { ...done, fill: { ...done.fill, fee: 0, feeIn: { ...feeIn, unvalued: true } } };
  };
  const valued = (fee: number): EngineRecord => ({
    ...{ type: 'fee.valued', instrument: 0, strategy: 'fermata', ...feeIn, priceTicks: 60_000, fee },
    marketMs: now(),
  });
  const records = [unvalued('buy', LOW), unvalued('sell', HIGH), valued(20_000_000), valued(30_000_000)];
  const { total, analytics, shown, realised } = await told(desk, records);
  expect(realised).toBe(50_000_000n);
  expect(total).toMatchObject({ trips: 1, net: '0.5', fees: '0.5' });
  expect(analytics).toMatchObject({ net: '0.50', fees: '0.50' });
  expect(shown).toEqual([['long', '0.001', '50000', '51000', '0.5']]);
  const span = { desk, fromMs: START_MS, toMs: START_MS + DAY_MS };
  expect(await readCosts(database.pool, span)).toMatchObject({ fills: 2, fees: 0.5 });
  expect(await readLiveFills(database.pool, desk, 0)).toMatchObject({ fills: 2, netProfit: '0.50000000' });
});

it('go on in their order where a position was adopted and sold, and where one was taken away', async () => {
  const { engine, shown } = await told('adopted', [
    ...[adopted(200), trade('sell', 200, HIGH)],
    ...[trade('buy', 100, LOW), trade('sell', 100, HIGH)],
    // By another hand: what that brought is not known here.
    ...[trade('buy', 300, LOW), adopted(0)],
    ...[trade('buy', 50, LOW), adopted(80), trade('sell', 80, HIGH)],
    ...[trade('buy', 70, LOW), trade('sell', 70, HIGH)],
  ]);
  expect(engine.trips).toBe(5);
  expect(shown).toEqual([
    ['long', '0.0007', '50000', '51000', '0.5'],
    ['long', '0.0008', '50000', '51000', '0.6'],
    ['long', '0.001', '50000', '51000', '0.8'],
    ['long', '0.002', '50000', '51000', '1.9'],
  ]);
});

it('go on in their order where coins were given to the desk and sold', async () => {
  const claimed = {
    symbol: 'BTC/USDT',
    quantityLots: 200,
    costTicks: LOW,
    value: 0,
    by: 'anna',
    reason: 'mine',
  };
  const { engine, shown } = await told('claimed', [
    ...[{ type: 'coins.claimed', ...claimed, marketMs: now() } as const, trade('sell', 200, HIGH)],
    ...[trade('buy', 100, LOW), trade('sell', 100, HIGH)],
  ]);
  expect(engine.trips).toBe(2);
  expect(shown).toEqual([
    ['long', '0.001', '50000', '51000', '0.8'],
    ['long', '0.002', '50000', '51000', '1.9'],
  ]);
});

it('go on where a restored journal does, each once, with what it was entered at and risked before', async () => {
  const desk = 'restored';
  const before = [
    ...[trade('buy', 100, LOW), trade('sell', 100, HIGH)],
    ...[trade('buy', 200, LOW), stopOrder('fabc1239', LOW - 50_000)],
  ];
  const lost = [trade('sell', 200, HIGH), trade('buy', 300, LOW)];
  const first = await told(desk, [...before, ...lost]);
  expect(first.shown).toHaveLength(2);
  const config = { ...recordsOfTrades(1, 1)[0], incarnation: 'def456' } as EngineRecord;
  // It hears of one of the trades that it had lost, and not of the other.
  const after = [
    ...lost.slice(0, 1),
    trade('buy', 400, LOW),
    trade('sell', 400, HIGH),
    trade('buy', 50, LOW),
  ];
  const second = await told(desk, [...before, config, ...after], INSTRUMENTS, 'def456');
  expect(second.engine.trips).toBe(3);
  expect(second.shown).toEqual([['long', '0.004', '50000', '51000', '3.8'], ...first.shown]);
  expect(second.roundTrips.map(({ r }) => r)).toEqual([null, 1.8, null]);
});

it('are of the strategy that opened them, whatever closed them', async () => {
  const ofSlob = (purpose: 'entry' | 'close', strategy: string): readonly EngineRecord[] => {
    const side = purpose === 'entry' ? 'buy' : 'sell';
    const filled = trade(side, 100, purpose === 'entry' ? LOW : HIGH);
    const clientId = `fabc123${minutes}`;
    const prices = { limitTicks: null, stopTicks: null, protectTicks: null, reduceOnly: false };
    const order = { clientId, instrument: 0, strategy, purpose, side, type: 'market', quantityLots: 100 };
    const intended = { ...order, ...prices, timeInForce: 'GTC' } as OrderIntent;
    return [{ type: 'order.intended', order: intended, marketMs: now() }, filled];
  };
  const { roundTrips, analytics } = await told('opened-by', [
    ...ofSlob('entry', 'slob'),
    ...ofSlob('close', 'fermata'),
  ]);
  expect(roundTrips).toMatchObject([{ strategy: 'slob', reason: 'close' }]);
  expect(analytics.byStrategy).toMatchObject([{ strategy: 'slob', trades: 1 }]);
});

it('go on where what was held was split', async () => {
  const split = { actionId: 'a1', instrument: 0, numerator: 4, denominator: 1, quantityLots: 400, inLieu: 0 };
  const { engine, shown } = await told('split', [
    trade('buy', 100, LOW),
    { type: 'split', ...split, priceTicks: LOW / 4, by: 'anna', reason: '4:1', marketMs: now() },
    ...[trade('sell', 400, HIGH / 4), trade('buy', 100, LOW), trade('sell', 100, HIGH)],
  ]);
  expect(engine.trips).toBe(2);
  expect(shown).toEqual([
    ['long', '0.001', '50000', '51000', '0.8'],
    ['long', '0.004', '12500', '12750', '0.8'],
  ]);
});

const AAPL = buildInstrument(0, {
  ...{ symbol: 'AAPL/USD', kind: 'stock', tickSize: '0.01', lotSize: '1' },
  ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
});

/** In money units: what the dividend brought, and what was paid for less than a share. */
const dividend = (amount: number): EngineRecord => ({
  ...{ type: 'dividend', actionId: `d${minutes}`, instrument: 0, perShare: '1.00', amount },
  ...{ by: 'anna', reason: 'quarterly', marketMs: now() },
});
const split = (
  [numerator, denominator]: readonly [number, number],
  quantityLots: number,
  priceTicks: number,
  inLieu = 0,
): EngineRecord => ({
  ...{ type: 'split', actionId: `s${minutes}`, instrument: 0, numerator, denominator, quantityLots },
  ...{ inLieu, priceTicks, by: 'anna', reason: `${numerator}:${denominator}`, marketMs: now() },
});

it('have the dividends that were received or paid meanwhile in their result, as the engine', async () => {
  const records = [
    // A short one pays it: 90.00 were gained by the price.
    ...[trade('sell', 100, 5_000), dividend(-100e8), trade('buy', 100, 4_910)],
    ...[trade('buy', 100, 5_000), dividend(100e8), dividend(50e8), trade('sell', 100, 4_900)],
    ...[trade('buy', 100, 5_000), trade('sell', 100, 5_001)],
  ];
  const { analytics, engine, realised, shown, total } = await told('dividends', records, [AAPL]);
  expect(shown).toEqual([
    ['long', '100', '50', '50.01', '0.8'],
    ['long', '100', '50', '49', '49.8'],
    ['short', '100', '50', '49.1', '-10.2'],
  ]);
  expect(engine).toEqual({ trips: 3, wins: 2 });
  expect(realised).toBe(40_40000000n);
  expect(total).toMatchObject({ trips: 3, wins: 2, net: '40.4', fees: '0.6' });
  expect(analytics).toMatchObject({ net: '40.40', best: '49.80', worst: '-10.20' });
});

it('have what a split paid for less than a share in their result, less what that had cost', async () => {
  const records = [
    // 16.5 new shares at 66.67: half of one is paid out at 70.
    ...[trade('buy', 11, 10_000), split([3, 2], 16, 7_000, 35e8), trade('sell', 16, 8_000)],
    // 10.5 of 105 shares sold short, and 6.5 of 13 after three more: each half is paid for.
    ...[trade('sell', 105, 1_000), split([1, 10], -10, 10_100, -50_50000000), dividend(-10e8)],
    ...[trade('sell', 3, 10_000), split([1, 2], -6, 20_400, -102e8), trade('buy', 6, 19_900)],
    ...[trade('buy', 100, 5_000), trade('sell', 100, 5_001)],
  ];
  const { analytics, engine, realised, roundTrips } = await told('in-lieu', records, [AAPL]);
  // 1,280 + 35 − 1,100; 1,050 + 300 − 50.50 − 10 − 102 − 1,194.
  expect(roundTrips.map(({ net }) => net)).toEqual(['0.8', '-6.8', '214.8']);
  expect(engine).toEqual({ trips: 3, wins: 2 });
  expect(realised).toBe(208_80000000n);
  expect(analytics).toMatchObject({ net: '208.80', worst: '-6.80' });
});

it('end where a split pays them out in full, with what was paid as their exit, as in the engine', async () => {
  const records = [
    // Half a new share at 1,020.00; the other way round at 980.00.
    ...[trade('buy', 5, 10_000), split([1, 10], 0, 102_000, 510e8)],
    ...[trade('sell', 5, 10_000), split([1, 10], 0, 98_000, -490e8)],
    ...[trade('buy', 100, 5_000), trade('sell', 100, 5_001)],
  ];
  const { analytics, engine, roundTrips, shown } = await told('paid-out', records, [AAPL]);
  expect(shown).toEqual([
    ['long', '100', '50', '50.01', '0.8'],
    ['short', '5', '100', '98', '9.9'],
    ['long', '5', '100', '102', '9.9'],
  ]);
  expect(roundTrips.map(({ reason }) => reason)).toEqual(['foreign', 'split', 'split']);
  expect(engine).toEqual({ trips: 3, wins: 3 });
  expect(analytics).toMatchObject({ net: '20.60' });
});

it('lost what was risked where a stop took them out after a split, of shares that became more or fewer', async () => {
  const { roundTrips } = await told(
    'risked-before-split',
    [
      ...[trade('buy', 100, 5_000), stopOrder('fabc123901', 4_500), split([4, 1], 400, 1_200)],
      ...[stopOrder('fabc123902', 1_125), trade('sell', 400, 1_125)],
      ...[
        trade('buy', 100, 500),
        stopOrder('fabc123903', 450),
        split([1, 10], 10, 4_800),
        trade('sell', 10, 4_500),
      ],
      // A part is sold before the split, more is bought after it, and only then a stop is placed.
      ...[
        trade('buy', 100, 5_000),
        trade('sell', 50, 5_000),
        split([3, 2], 75, 3_000),
        trade('buy', 25, 3_000),
      ],
      ...[stopOrder('fabc123904', 2_400), trade('sell', 100, 2_400)],
    ],
    [AAPL],
  );
  // Of the last one 175 new shares were entered, for 5,750, and would have been stopped out for 4,200.
  expect(roundTrips.map(({ net, r }) => [net, r])).toEqual([
    ['-850.4', -0.5486],
    ['-50.2', -1.004],
    ['-500.2', -1.0004],
  ]);
});

const NQ = buildInstrument(0, {
  ...{ symbol: 'NQ/USD', kind: 'future', exchange: 'CME', multiplier: '20', tickSize: '0.25', lotSize: '1' },
  ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
});

/** Of one contract, filled at once. */
function filled(
  order: Pick<OrderIntent, 'purpose' | 'side' | 'type' | 'stopTicks'>,
  priceTicks: number,
  rate?: number,
) {
  const { side } = order;
  const done = trade(side, 1, priceTicks);
  if (done.type !== 'fill') throw new Error(`expected a fill, found ${done.type}`);
  const { clientId, marketMs } = done.fill;
  const rest = { limitTicks: null, protectTicks: null, reduceOnly: false, timeInForce: 'GTC' } as const;
  const intent = {
    ...{ clientId, instrument: 0, strategy: 'ema-cross', quantityLots: 1 },
    ...rest,
    ...order,
  };
  return [
    { type: 'order.intended', order: intent, marketMs },
    { ...done, fill: { ...done.fill, fee: 0, ...(rate === undefined ? {} : { rate }) } },
  ] as const;
}

it('are worth what the contract is worth: a future that its stop took out lost what was risked, and a point more', async () => {
  const ticks = (price: number) => price / 0.25;
  // By a stop, ten points past its trigger: what that cost is no loss of a protective stop.
  const entry = { purpose: 'entry', side: 'buy', type: 'stop', stopTicks: ticks(14_990) } as const;
  const stop = { purpose: 'protective', side: 'sell', type: 'stop', stopTicks: ticks(14_900) } as const;
  const records = [...filled(entry, ticks(15_000)), ...filled(stop, ticks(14_899))];
  const { roundTrips } = await told('future', records, [NQ]);
  expect(roundTrips).toMatchObject([
    { quantity: '1', entry: '15000', exit: '14899', net: '-2020', netPct: -0.6733, r: -1.01 },
  ]);
  const span = { desk: 'future', fromMs: START_MS, toMs: START_MS + DAY_MS };
  expect(await readCosts(database.pool, span)).toMatchObject({
    ...{ fills: 2, turnover: 597_980 },
    ...{ stopFills: 1, stopSlippage: 20 },
  });
});

it('are worth the coin that an inverse contract is worth: its stop lost what was risked, and what 100 dollars more of it cost', async () => {
  const BTC = buildInstrument(0, {
    ...{ symbol: 'BTC/USD', kind: 'inverse', multiplier: '100', tickSize: '0.5', lotSize: '1' },
    ...{ minNotional: '0', makerFeePpm: 0, takerFeePpm: 0 },
  });
  const entry = { purpose: 'entry', side: 'buy', type: 'market', stopTicks: null } as const;
  const stop = { purpose: 'protective', side: 'sell', type: 'stop', stopTicks: 96_000 } as const;
  await told('inverse-open', filled(entry, 100_000), [BTC]);
  const held = await database.pool.query(
    `select trim_scale(quantity) as quantity, trim_scale(cost) as cost, trim_scale(average_price) as average
      from positions where desk = 'inverse-open'`,
  );
  expect(held.rows).toEqual([{ quantity: '1', cost: '-0.002', average: '50000' }]);
  const records = [...filled(entry, 100_000), ...filled(stop, 95_800)];
  const { roundTrips } = await told('inverse', records, [BTC]);
  // 100 ÷ 50,000 − 100 ÷ 47,900, where 100 ÷ 48,000 − 100 ÷ 50,000 was at risk.
  expect(roundTrips).toMatchObject([
    { quantity: '1', entry: '50000', exit: '47900', net: '-0.000087682672', netPct: -4.3841, r: -1.0522 },
  ]);
  const inCoin = await readAnalytics(database.pool, 'inverse', START_MS, 'BTC');
  expect(inCoin).toMatchObject({ net: '-0.00008768', averageLoss: '-0.00008768', worst: '-0.00008768' });
  const span = { desk: 'inverse', fromMs: START_MS, toMs: START_MS + DAY_MS };
  const costs = await readCosts(database.pool, span);
  expect(costs).toMatchObject({ fills: 2, stopFills: 1 });
  expect(costs.turnover).toBeCloseTo(0.004087682672, 12);
  expect(costs.stopSlippage).toBeCloseTo(0.000004349339, 12);
});

it('are measured in the money of the desk where results are converted: what was paid and what was risked', async () => {
  const pair = {
    kind: 'fx',
    ...{ tickSize: '0.01', pip: '0.01', lotSize: '1', multiplier: '100000', minNotional: '0' },
    ...{ makerFeePpm: 0, takerFeePpm: 0 },
  } as const;
  const pairs = ['GBP/JPY', 'USD/JPY'].map((symbol, id) => buildInstrument(id, { symbol, ...pair }));
  const entry = { purpose: 'entry', side: 'buy', type: 'market', stopTicks: null } as const;
  const stop = { purpose: 'protective', side: 'sell', type: 'stop', stopTicks: 18_900 } as const;
  const records = [...filled(entry, 19_000, 1 / 125), ...filled(stop, 18_900, 1 / 125)];
  const { roundTrips } = await told('converted', records, withConversions(pairs, 'USD'));
  // A yen of 100,000 pounds, at 125 a dollar: of 152,000 dollars, and all that was at risk.
  expect(roundTrips).toMatchObject([
    { quantity: '1', entry: '190', exit: '189', net: '-800', netPct: -0.5263, r: -1 },
  ]);
});

it('are found by going through what is stored a few times, not once for each of them', async () => {
  const desk = 'years';
  const each = (count: number) => `generate_series(0, ${count - 1}) n`;
  const at = `to_timestamp(${START_MS / 1000}) + n * interval '1 minute'`;
  await told(desk, []);
  await database.ownerPool.query(
    `insert into fills (desk, symbol, trade_id, client_id, side, quantity, price, fee, liquidity, purpose, strategy, realised, simulated, market, wall, incarnation, sequence)
     select '${desk}', 'BTC/USDT', 'y' || n, 'fabc123' || n, (array['buy', 'sell'])[1 + n % 2], 1, 100, 0, 'taker', 'entry', 'cross', n % 2, true, ${at}, ${at}, 'abc123', 1000 + n from ${each(2_000)}`,
  );
  await database.ownerPool.query(
    `insert into orders (desk, client_id, symbol, side, type, purpose, strategy, state, quantity, price, simulated, created_market, created, updated)
     select '${desk}', 'fabc123s' || n, 'BTC/USDT', 'sell', 'stop', 'protective', 'cross', 'canceled', 1, 98, true, ${at}, ${at}, ${at} from ${each(2_000)}`,
  );
  await database.ownerPool.query('analyze');
  const handled: number[] = [];
  const pool = {
    query: async (text: string, values: unknown[]) => {
      const steps = await stepsOfQuery(database.ownerPool, text, values);
      handled.push(steps.reduce((sum, { rows }) => sum + rows, 0));
      return database.pool.query(text, values);
    },
  } as Parameters<typeof readResults>[0];
  const periods = periodsOf('week', { fromMs: START_MS, toMs: START_MS + 7 * DAY_MS }, UTC);
  const asked = { desk, symbol: null, strategy: null, periods, listMax: 100 };
  const { total, roundTrips } = await readResults(pool, asked);
  expect(total).toMatchObject({ trips: 1_000, wins: 1_000, net: '1000' });
  // Entered at 100, with a stop at 98: a gain of 1 is half of what was at risk.
  expect(roundTrips[0]).toMatchObject({ side: 'long', entry: '100', net: '1', r: 0.5 });
  expect(handled).toHaveLength(2);
  expect(Math.max(...handled)).toBeLessThan(60 * 4_000);
});

it('are put into the days of the desk, in its time zone, whole ones from the first', async () => {
  const newYork = { timezone: 'America/New_York', dayBoundary: '17:00' };
  const at = (text: string) => Date.parse(text);
  // On 8 March 2026 clocks there went on by an hour.
  const span = { fromMs: at('2026-03-07T12:00:00Z'), toMs: at('2026-03-09T21:30:00Z') };
  expect(periodsOf('day', span, newYork)).toEqual({
    fromMs: at('2026-03-06T22:00:00Z'),
    fromDate: '2026-03-06',
    toDate: '2026-03-09',
    begins: [
      { startMs: at('2026-03-06T22:00:00Z'), date: '2026-03-06' },
      { startMs: at('2026-03-07T22:00:00Z'), date: '2026-03-07' },
      { startMs: at('2026-03-08T21:00:00Z'), date: '2026-03-08' },
      { startMs: at('2026-03-09T21:00:00Z'), date: '2026-03-09' },
    ],
  });
  const first = (by: 'week' | 'month') => periodsOf(by, span, newYork).begins[0];
  // Monday's trading day begins on Sunday there, and that of the first on the last of February.
  expect(first('week')).toEqual({ startMs: at('2026-03-01T22:00:00Z'), date: '2026-03-02' });
  expect(first('month')).toEqual({ startMs: at('2026-02-28T22:00:00Z'), date: '2026-03-01' });
  const sundays = { ...newYork, weekStart: 'sun' } as const;
  expect(periodsOf('week', span, sundays).begins.map(({ date }) => date)).toEqual([
    '2026-03-01',
    '2026-03-08',
  ]);
  const early = { ...newYork, dayBoundary: '03:00' };
  const begun = { startMs: at('2026-03-02T08:00:00Z'), date: '2026-03-02' };
  expect(periodsOf('week', span, early).begins[0]).toEqual(begun);
});
