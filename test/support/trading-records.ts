/** What a desk records that trades two coins for a long time: entries with their stops, exits, equity, readings of the venue. */
import type { Fill, OrderIntent, SentState } from '../../src/domain/order.js';
import type { EngineRecord } from '../../src/engine/record.js';
import { coins } from './engine-config.js';

const START_MS = Date.UTC(2026, 0, 5);
const MINUTE_MS = 60_000;
const CASH = 10_000 * 100_000_000;
const TRIPS_BETWEEN_READINGS = 20;

export const tradingWallMs = (sequence: number): number => START_MS + sequence * 7;

export function* tradingRecords(count: number): Generator<EngineRecord> {
  let given = 0;
  for (const record of endless()) {
    if (given === count) return;
    given += 1;
    yield record;
  }
}

function* endless(): Generator<EngineRecord> {
  const instruments = coins(['BTC', 'ETH']);
  const symbols = instruments.map(({ symbol }) => symbol);
  const config = { configHash: 'hash', desk: 'crypto-bot', symbols, instruments, startingCash: CASH };
  yield { type: 'config', ...config, incarnation: 'abc123', account: 'paper', marketMs: START_MS };
  for (let trip = 0; ; trip += 1) {
    const marketMs = START_MS + trip * MINUTE_MS;
    yield* roundTrip(trip, marketMs);
    if (trip % TRIPS_BETWEEN_READINGS === 0) yield reading(trip, marketMs);
  }
}

function* roundTrip(trip: number, marketMs: number): Generator<EngineRecord> {
  const price = 5_000_000 + ((trip * 7_919) % 100_000);
  const entry = order(
    trip * 3 + 1,
    { purpose: 'entry', limitTicks: price, protectTicks: price - 50_000 },
    trip,
  );
  const stopOrder = { purpose: 'protective', side: 'sell', type: 'stop', stopTicks: price - 50_000 } as const;
  const stop = order(trip * 3 + 2, { ...stopOrder, strategy: 'fermata', reduceOnly: true }, trip);
  const exit = order(
    trip * 3 + 3,
    { purpose: 'exit', side: 'sell', type: 'market', timeInForce: 'IOC' },
    trip,
  );
  yield { type: 'order.intended', order: entry, marketMs };
  yield state(entry, 'working', marketMs);
  yield fill(entry, price, marketMs + 800, 'maker');
  yield { type: 'order.intended', order: stop, marketMs: marketMs + 800 };
  yield state(stop, 'working', marketMs + 900);
  const text = `${trip % 2 === 0 ? 'BTC' : 'ETH'}/USDT: fast average crossed below slow; leaving at the market`;
  yield { type: 'note', level: 'info', text, strategy: 'cross', symbol: null, marketMs: marketMs + 30_000 };
  yield state(stop, 'cancelling', marketMs + 30_000);
  yield state(stop, 'cancelled', marketMs + 30_100);
  yield { type: 'order.intended', order: exit, marketMs: marketMs + 30_100 };
  yield fill(exit, price + (trip % 400) - 200, marketMs + 30_200, 'taker');
  const equity = CASH + (trip % 1_000) * 12_345_678;
  yield { type: 'equity', equity, peak: equity, cash: equity, unrealised: 0, marketMs: marketMs + MINUTE_MS };
}

function order(number: number, is: Partial<OrderIntent>, trip: number): OrderIntent {
  return {
    clientId: `fabc123${number.toString(36)}`,
    instrument: trip % 2,
    strategy: 'cross',
    purpose: 'entry',
    side: 'buy',
    type: 'limit',
    quantityLots: 10 + (trip % 50),
    limitTicks: null,
    stopTicks: null,
    protectTicks: null,
    reduceOnly: false,
    timeInForce: 'GTC',
    ...is,
  };
}

function state({ clientId }: OrderIntent, next: SentState, marketMs: number): EngineRecord {
  const venueId = next === 'working' ? `4${clientId.length}${marketMs}` : null;
  return { type: 'order.state', clientId, state: next, venueId, reason: '', marketMs };
}

function fill(
  of: OrderIntent,
  priceTicks: number,
  marketMs: number,
  liquidity: Fill['liquidity'],
): EngineRecord {
  const { clientId, instrument, side, quantityLots } = of;
  const fee = quantityLots * priceTicks;
  const ids = { tradeId: `${marketMs}`, clientId, instrument };
  return {
    type: 'fill',
    fill: { ...ids, side, quantityLots, priceTicks, fee, liquidity, marketMs, simulated: true },
  };
}

function reading(requestId: number, marketMs: number): EngineRecord {
  return { type: 'reconciled', requestId, clean: true, differences: [], fillsThroughMs: marketMs, marketMs };
}
