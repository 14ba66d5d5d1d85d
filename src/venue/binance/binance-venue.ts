/**
 * Binance spot as a venue: real orders through the real client library. Anything uncertain is reported as
 * unknown.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstrumentId } from '../../domain/instrument.js';
import type { BreakerState } from '../breaker.js';
import type { RefusedAnswer } from '../definition.js';
import type { VenuePort, VenueStreamEvent } from '../port.js';
import type { RateBudgetState } from '../rate-budget.js';
import { AccountReadings, foreignUnits } from './account.js';
import { cashReader } from './cash.js';
import { createChanges } from './changes.js';
import { type Connection, openConnection } from './connection.js';
import { wholeSteps } from './decode.js';
import { endpointLabel } from './endpoint.js';
import { createExecutions, type Executions } from './executions.js';
import { createFillBook } from './fill-book.js';
import { fillsOfMarket, type HistoryContext, OrderMemory } from './history.js';
import { type Listing, listingProblem } from './listing.js';
import { type BinanceMarket, marketsOf } from './market.js';
import { BINANCE_TAKES, type BinanceVenueOptions } from './options.js';
import type { KeyPermissions } from './permissions.js';
import { ReferencePrices } from './reference-prices.js';
import type { RequestFigures } from './requests.js';
import { createTrading } from './trading.js';
import { openUserStream, type UserStream } from './user-stream.js';
import { readPermissions, readPrices, readSymbols, type VerifyContext } from './verify.js';
import { type Monitor, startMonitor } from './watch-connection.js';

/** The state of the connection, for people and checks. */
interface BinanceState {
  readonly endpoint: string;
  readonly up: boolean;
  /** Why it is down; empty while it is up. */
  readonly reasons: readonly string[];
  readonly breaker: BreakerState;
  readonly rateLimiter: {
    readonly enabled: boolean;
    readonly weight: RateBudgetState;
    readonly orders: RateBudgetState;
    readonly waiting: number;
  };
  /** The venue's time minus ours, in milliseconds; null before the first measurement. */
  readonly clockOffsetMs: number | null;
  readonly requests: RequestFigures;
  readonly reconnects: number;
  readonly refusedAnswers: readonly RefusedAnswer[];
}

export interface BinanceVenue extends VenuePort {
  readonly state: BinanceState;
  /** Throws `VenueUnavailable`. */
  permissions(): Promise<KeyPermissions>;
  /** The venue's list under its own symbol names, reduced to the desk's instruments. Throws `VenueUnavailable`. */
  symbols(): Promise<ReadonlyMap<string, Listing>>;
  /**
   * By the desk's symbol: null if it can be traded as the desk file says, else why not. Throws `VenueUnavailable`.
   */
  tradable(): Promise<ReadonlyMap<string, string | null>>;
}

/**
 * Resolves after the first attempt to connect, whether it succeeded or not: a venue that is away must not
 * keep a trader from starting. The venue is down, and nothing that adds risk is sent, until key, symbols and
 * account have been verified. Throws RangeError if two instruments share a base currency.
 */
export async function openBinanceVenue(options: BinanceVenueOptions): Promise<BinanceVenue> {
  const markets = marketsOf(options.instruments);
  const foreign = foreignUnits(options.foreign ?? {});
  const relay = new Relay();
  let monitor: Monitor | null = null;
  const connection = await openConnection(options, relay.emit, {
    onBetweenSteps: () => monitor?.doubtSymbols(),
    onKeyRefused: () => monitor?.doubtKey(),
  });
  const verifying: VerifyContext = {
    connection,
    endpoint: options.endpoint,
    markets,
    prices: new ReferencePrices(),
  };
  const history = createHistory(options, verifying);
  const executions = createExecutions({
    markets: new Map(markets.map((market) => [market.symbol, market])),
    history,
    emit: relay.emit,
    onMissed: (detail) => connection.health.missed(detail),
  });
  const looking = startMonitor(verifying);
  monitor = looking;
  // A silent venue must not keep the trader waiting: the monitor continues in the background.
  await Promise.race([looking.started, sleep(connection.times.connectTimeoutMs, undefined, { ref: false })]);
  const stream = listenToAccount(options, connection, executions);
  return assemble({ options, verifying, foreign, history, executions, monitor: looking, stream, relay });
}

interface Parts {
  readonly options: BinanceVenueOptions;
  readonly verifying: VerifyContext;
  readonly foreign: ReadonlyMap<string, bigint>;
  readonly history: HistoryContext;
  readonly executions: Executions;
  readonly monitor: Monitor;
  readonly stream: UserStream;
  readonly relay: Relay;
}

function assemble(parts: Parts): BinanceVenue {
  const { options, verifying, monitor, stream, relay } = parts;
  const { connection, markets } = verifying;
  const context = {
    connection,
    markets,
    marketOf: (instrument: InstrumentId) => known(markets, instrument),
    executions: parts.executions,
    verified: () => monitor.verified,
    onFilterFailure: () => monitor.doubtSymbols(),
  };
  const account = accountReadings(parts);
  return {
    capabilities: {
      ...{ name: 'binance', simulated: options.endpoint.kind !== 'live' },
      ...BINANCE_TAKES.spot.can,
    },
    instruments: options.instruments,
    ...createTrading(context),
    ...createChanges(context),
    balances: () => account.balances(),
    positions: () => account.positions(),
    // The test environment has no wallet.
    ...(options.endpoint.kind === 'testnet'
      ? {}
      : { cashMovements: cashReader({ reader: connection.reader, nowMs: connection.clock.nowMs }) }),
    get state() {
      return stateOf(connection, options, stream.reconnects);
    },
    serverTime: () => connection.clock.measure(),
    accountId: () => connection.accountId.known,
    knownTime: () => (connection.clock.offsetMs === null ? null : connection.clock.nowMs()),
    async fillsSince(sinceMs) {
      const lists = await Promise.all(markets.map((market) => fillsOfMarket(parts.history, market, sinceMs)));
      return lists.flat().sort((a, b) => a.marketMs - b.marketMs);
    },
    quantityLimits: () => markets.flatMap((market) => market.quantityLimits ?? []),
    fixedOrders: () =>
      markets
        .filter(({ amends, replaces }) => !amends || !replaces)
        .map(({ instrument, amends, replaces }) => ({ instrument: instrument.id, amends, replaces })),
    closedInstruments: () =>
      markets.flatMap(({ instrument, problem }) =>
        problem === null ? [] : [{ instrument: instrument.id, why: problem }],
      ),
    permissions: () => readPermissions(verifying),
    symbols: () => readSymbols(verifying),
    async tradable() {
      const listings = await readSymbols(verifying);
      return new Map(
        markets.map((market) => [
          market.instrument.symbol,
          listingProblem(market, listings.get(market.symbol)),
        ]),
      );
    },
    onEvent(listener) {
      relay.attach(listener, connection);
    },
    async close() {
      relay.detach();
      connection.queue.close();
      // Requests that are still in flight end with their connections.
      connection.exchange.close();
      await Promise.all([monitor.close(), stream.close()]);
    },
  };
}

function accountReadings({ options, verifying, foreign, history }: Parts): AccountReadings {
  return new AccountReadings({
    connection: verifying.connection,
    markets: verifying.markets,
    positions: {
      foreign,
      bidTicks: (market) => verifying.prices.bidTicks(market),
      expectedLots: ({ instrument }) => options.expectedLots?.(instrument.id) ?? 0,
      unbooked: ({ instrument }) => history.bookOf(instrument.id).unbooked,
    },
    readPrices: () => readPrices(verifying),
  });
}

function listenToAccount(
  options: BinanceVenueOptions,
  { exchange, health, times, queue, nowMs }: Connection,
  executions: Executions,
): UserStream {
  return openUserStream({
    exchange,
    onEvent: executions.onStreamEvent,
    onConnected: () => health.resolved('stream'),
    onLost: (cause) => health.against('stream', cause),
    connectTimeoutMs: times.connectTimeoutMs,
    backoff: times.reconnect,
    random: options.random ?? Math.random,
    silentMs: () => queue.pausedUntilMs - nowMs(),
  });
}

function known(markets: readonly BinanceMarket[], instrument: InstrumentId): BinanceMarket {
  const market = markets.find((one) => one.instrument.id === instrument);
  if (market === undefined) throw new RangeError(`the venue was not opened for instrument ${instrument}`);
  return market;
}

function createHistory(
  options: BinanceVenueOptions,
  { connection, markets, prices }: VerifyContext,
): HistoryContext {
  const { reader, clock, nowMs } = connection;
  const simulated = options.endpoint.kind !== 'live';
  return {
    reader,
    nowMs: clock.nowMs,
    orders: new OrderMemory(),
    bookOf: createFillBook((instrument) => known(markets, instrument), simulated),
    checkPrice: (market, trade) =>
      prices.check(market, wholeSteps(trade.price, market.tick), trade.timeMs, nowMs()),
  };
}

/** Events without a listener are dropped; a new listener gets the current state. */
class Relay {
  #listener: ((event: VenueStreamEvent) => void) | null = null;

  readonly emit = (event: VenueStreamEvent): void => this.#listener?.(event);

  attach(listener: (event: VenueStreamEvent) => void, { health }: Connection): void {
    this.#listener = listener;
    const detail = health.state === 'up' ? 'connected' : health.reasons.join('; ');
    queueMicrotask(() => this.emit({ kind: 'health', state: health.state, detail }));
  }

  detach(): void {
    this.#listener = null;
  }
}

function stateOf(connection: Connection, options: BinanceVenueOptions, reconnects: number): BinanceState {
  const { health, breaker, weight, orders, queue, clock, requests, reader, nowMs } = connection;
  return {
    endpoint: endpointLabel(options.endpoint),
    up: health.state === 'up',
    reasons: health.reasons,
    breaker: breaker.state,
    rateLimiter: {
      enabled: options.rateLimited ?? true,
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
