/** Binance spot as a venue: real orders over the real client library; what is not certain is said to be unknown. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstrumentId } from '../../domain/instrument.js';
import type { BreakerState } from '../breaker.js';
import type { VenueCapabilities, VenuePort, VenueStreamEvent } from '../port.js';
import type { RateBudgetState } from '../rate-budget.js';
import { createAccountReadings, foreignUnits } from './account.js';
import { type Connection, openConnection } from './connection.js';
import { endpointLabel } from './endpoint.js';
import { createExecutions } from './executions.js';
import { createFillBook } from './fill-book.js';
import { fillsOfMarket, type HistoryContext } from './history.js';
import type { Listing } from './listing.js';
import { type BinanceMarket, marketsOf } from './market.js';
import { startMonitor } from './monitor.js';
import type { BinanceVenueOptions } from './options.js';
import type { KeyPermissions } from './permissions.js';
import type { RefusedAnswer } from './reading.js';
import { createReferencePrices } from './reference-prices.js';
import type { RequestFigures } from './requests.js';
import { createTrading } from './trading.js';
import { openUserStream } from './user-stream.js';
import { readPermissions, readPrices, readSymbols, type VerifyContext } from './verify.js';

/** Everything that a person or a check may want to see of the connection. */
export interface BinanceState {
  readonly endpoint: string;
  readonly up: boolean;
  /** Why it is down; empty while up. */
  readonly reasons: readonly string[];
  readonly breaker: BreakerState;
  readonly rateLimiter: {
    readonly enabled: boolean;
    readonly weight: RateBudgetState;
    readonly orders: RateBudgetState;
    readonly waiting: number;
  };
  /** Venue's time minus ours, milliseconds; null before the first measurement. */
  readonly clockOffsetMs: number | null;
  readonly requests: RequestFigures;
  readonly reconnects: number;
  readonly refusedAnswers: readonly RefusedAnswer[];
}

export interface BinanceVenue extends VenuePort {
  readonly state: BinanceState;
  /** Throws `VenueUnavailable`. */
  permissions(): Promise<KeyPermissions>;
  /** The venue's own list, by its own names; the desk's instruments only. Throws `VenueUnavailable`. */
  symbols(): Promise<ReadonlyMap<string, Listing>>;
}

/**
 * Resolves after the first attempt to connect, however it ended: a venue that is away must not keep a trader from
 * starting. Until key, symbols and account were found right it is down, and nothing that takes risk is sent.
 * Throws RangeError where two instruments share a base currency.
 */
export async function openBinanceVenue(options: BinanceVenueOptions): Promise<BinanceVenue> {
  const markets = marketsOf(options.instruments);
  const relay = createRelay();
  const connection = await openConnection(options, (state, detail) =>
    relay.emit({ kind: 'health', state, detail }),
  );
  const prices = createReferencePrices();
  const purpose = options.purpose ?? 'trade';
  const verifying = { connection, endpoint: options.endpoint, markets, prices, purpose } as const;
  const history = createHistory(options, markets, verifying);
  const executions = createExecutions({
    markets: new Map(markets.map((market) => [market.symbol, market])),
    history,
    emit: relay.emit,
    onMissed: (detail) => connection.health.missed(detail),
  });
  const monitor = startMonitor(verifying);
  // A venue that keeps silent must not keep the trader waiting: the monitor goes on by itself.
  await Promise.race([monitor.started, sleep(connection.times.connectTimeoutMs, undefined, { ref: false })]);
  const stream = openUserStream({
    exchange: connection.exchange,
    onEvent: executions.onStreamEvent,
    onConnected: () => connection.health.resolved('stream'),
    onLost: (cause) => connection.health.against('stream', cause),
    connectTimeoutMs: connection.times.connectTimeoutMs,
    backoff: connection.times.reconnect,
    random: options.random ?? Math.random,
  });
  const marketOf = (instrument: InstrumentId) => known(markets, instrument);
  const account = createAccountReadings({
    connection,
    markets,
    positions: {
      foreign: foreignUnits(options.foreign ?? {}),
      bidTicks: (market) => prices.bidTicks(market),
      expectedLots: ({ instrument }) => options.expectedLots?.(instrument.id) ?? 0,
    },
    readPrices: () => readPrices(verifying),
  });
  const trading = createTrading({
    connection,
    markets,
    marketOf,
    executions,
    verified: () => monitor.verified,
  });
  return {
    capabilities: capabilities(options.endpoint.kind !== 'live'),
    instruments: options.instruments,
    ...trading,
    ...account,
    get state() {
      return stateOf(connection, options, stream.reconnects);
    },
    serverTime: () => connection.clock.measure(),
    async fillsSince(sinceMs) {
      const lists = await Promise.all(markets.map((market) => fillsOfMarket(history, market, sinceMs)));
      return lists.flat().sort((a, b) => a.marketMs - b.marketMs);
    },
    permissions: () => readPermissions(verifying),
    symbols: () => readSymbols(verifying),
    onEvent(listener) {
      relay.attach(listener, connection);
    },
    async close() {
      relay.detach();
      connection.queue.close();
      await Promise.all([monitor.close(), stream.close()]);
      connection.exchange.close();
    },
  };
}

function capabilities(simulated: boolean): VenueCapabilities {
  return {
    name: 'binance',
    simulated,
    shorting: false,
    stopLocksBalance: true,
    reduceOnly: false,
    protectiveStops: 'venue',
    deadManSwitch: false,
  };
}

function known(markets: readonly BinanceMarket[], instrument: InstrumentId): BinanceMarket {
  const market = markets.find((one) => one.instrument.id === instrument);
  if (market === undefined) throw new RangeError(`the venue was not opened for instrument ${instrument}`);
  return market;
}

function createHistory(
  options: BinanceVenueOptions,
  markets: readonly BinanceMarket[],
  { connection, prices }: Pick<VerifyContext, 'connection' | 'prices'>,
): HistoryContext {
  const simulated = options.endpoint.kind !== 'live';
  return {
    reader: connection.reader,
    nowMs: connection.nowMs,
    bookOf: createFillBook((instrument) => known(markets, instrument), simulated),
    checkPrice: (market, trade) => prices.check(market, trade.priceTicks, trade.timeMs, connection.nowMs()),
  };
}

/** What happens before somebody listens is not kept; how things stand is told to the listener when it comes. */
function createRelay() {
  let listener: ((event: VenueStreamEvent) => void) | null = null;
  return {
    emit: (event: VenueStreamEvent) => listener?.(event),
    attach(next: (event: VenueStreamEvent) => void, { health }: Connection) {
      listener = next;
      const detail = health.state === 'up' ? 'connected' : health.reasons.join('; ');
      queueMicrotask(() => listener?.({ kind: 'health', state: health.state, detail }));
    },
    detach() {
      listener = null;
    },
  };
}

function stateOf(connection: Connection, options: BinanceVenueOptions, reconnects: number): BinanceState {
  const { health, breaker, weight, orders, queue, clock, requests, reader, nowMs } = connection;
  return {
    endpoint: endpointLabel(options.endpoint),
    up: health.state === 'up',
    reasons: health.reasons,
    breaker: breaker.state,
    rateLimiter: {
      enabled: true,
      weight: weight.state(nowMs()),
      orders: orders.state(nowMs()),
      waiting: queue.waiting,
    },
    clockOffsetMs: clock.offsetMs,
    requests: { ...requests.figures },
    reconnects,
    refusedAnswers: reader.refused,
  };
}
