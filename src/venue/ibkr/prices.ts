/**
 * Prices from the broker, over a connection of their own: best prices as they come, minutes on request.
 * Delayed or only partly subscribed prices don't count, and a data farm that is down provides none.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BarSizeSetting, type Contract, EventName, WhatToShow } from '@stoqey/ib';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { VenueUnavailable } from '../port.js';
import type { OhlcvRow, OpenPrices, PriceConnection, PriceStream, StreamEvents, Ticker } from '../prices.js';
import { type ResolvedContract, resolveContract } from './contracts.js';
import { isNone, numberOf } from './decode.js';
import { currentTime, GATEWAY_TIMES, Gateway, type GatewayTimes, type Question, Refused } from './gateway.js';
import { onTradedContracts, tradedContract } from './months.js';
import { DATA_LOST, farmAfter, isWarning, linkAfter } from './outcomes.js';
import type { GatewayAddress } from './settings.js';

interface OpenIbkrPrices extends OpenPrices {
  readonly address: GatewayAddress;
  /** Used by this connection only. */
  readonly clientId: number;
  readonly times?: Partial<GatewayTimes>;
}

interface Subscription {
  readonly symbol: string;
  readonly conId: number | undefined;
  best: BestPrices;
  /** A quote is about to be sent: ticks that arrive together are sent as one quote. */
  due: boolean;
  /** Why its prices don't count; null if they do. */
  problem: string | null;
}

const NO_DATA = /returned no data/i;
const HISTORY_REFUSED = 162;

/**
 * Rejects if the Gateway or the broker refuses, or lists an instrument differently from the desk file. With
 * `mayLack` it keeps connecting instead, and `connect` and `fetchQuotes` throw the reason.
 */
export async function openIbkrPrices(options: OpenIbkrPrices): Promise<PriceConnection> {
  const prices = new IbkrPrices(options);
  try {
    await prices.begin();
    return prices;
  } catch (error) {
    await prices.close();
    throw error;
  }
}

class IbkrPrices implements PriceConnection {
  readonly comesBack = true;
  readonly #options: OpenIbkrPrices;
  readonly #gateway: Gateway;
  readonly #contracts = new Map<string, Contract>();
  readonly #subscriptions = new Map<number, Subscription>();
  /** Market data farms that are down: the notice, by farm name. */
  readonly #farmsDown = new Map<string, string>();
  readonly #forget: () => void;
  #lost = '';
  #nextId = 1;
  #events: StreamEvents | null = null;
  #end: (cause: string) => void = () => {};

  constructor(options: OpenIbkrPrices) {
    this.#options = options;
    const { address, clientId, times } = options;
    this.#gateway = new Gateway({
      ...address,
      clientId,
      times: { ...GATEWAY_TIMES, ...times },
      onReady: () => {},
      onLost: (cause) => {
        this.#lost = cause;
        this.#farmsDown.clear();
        this.#subscriptions.clear();
        this.#end(cause);
      },
      onNotice: (code, text) => this.#onNotice(code, text),
      onEvent: (event, args) => this.#onEvent(event, args),
    });
    this.#forget = onTradedContracts(() => this.#follow());
  }

  async begin(): Promise<void> {
    const { mayLack = false, timeoutMs } = this.#options;
    const resolved = this.#gateway.started.then(() => this.#resolve());
    if (!mayLack) return resolved;
    const inTime = resolved.catch((error: unknown) => {
      if (!(error instanceof VenueUnavailable)) throw error;
    });
    await Promise.race([inTime, sleep(timeoutMs / 2, undefined, { ref: false })]);
  }

  async #resolve(): Promise<void> {
    const { instruments, mayLack = false } = this.#options;
    if (this.#gateway.session === null) throw new VenueUnavailable(this.#lost);
    const found = await Promise.all(instruments.map((one) => resolveContract(this.#gateway, one, [])));
    const problems = found.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0 && (!mayLack || problems.length === found.length))
      throw new VenueUnavailable(problems.join('; '));
    for (const one of found) if (isResolved(one)) this.#contracts.set(one.instrument.symbol, one.contract);
  }

  /** Only symbols whose prices count; throws if every request fails. */
  async fetchQuotes(symbols: readonly string[]): Promise<readonly Ticker[]> {
    if (this.#contracts.size === 0) await this.#resolve();
    this.#farmsUp();
    const asked = await Promise.allSettled(
      symbols.flatMap((symbol) => {
        const contract = this.#contractOf(symbol);
        return contract === undefined ? [] : [this.#snapshot(symbol, contract)];
      }),
    );
    this.#farmsUp();
    const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = asked.find((one) => one.status === 'rejected');
    if (told.length === 0 && refused !== undefined) throw refused.reason;
    return told;
  }

  async #snapshot(symbol: string, contract: Contract): Promise<Ticker> {
    const best = await this.#gateway.ask(quote(contract), SNAPSHOT_MS);
    // A symbol that can be quoted again can also be subscribed again; the Gateway doesn't resume a refused
    // subscription by itself.
    const subscriptions = [...this.#subscriptions.values()];
    if (subscriptions.some((one) => one.symbol === symbol && one.problem !== null))
      this.#resubscribe([symbol]);
    return { symbol, ...best };
  }

  async fetchMinutes(symbol: string, sinceMs: number, limit: number): Promise<readonly OhlcvRow[]> {
    // A Gateway that was away when this began has told of no contract: that is not a past without minutes.
    if (this.#contracts.size === 0) await this.#resolve();
    const contract = this.#contractOf(symbol);
    if (contract === undefined) return [];
    const nowMs = await this.fetchTime();
    const rows: OhlcvRow[] = [];
    // The last request covers a minute more (below).
    const longestMs = SPAN_SECONDS_MAX * 1000 - MINUTE_MS;
    // Nights and weekends have no minutes: it continues until there are enough rows, with the longest span
    // after none.
    let isClosed = false;
    for (let fromMs = sinceMs; fromMs < nowMs && rows.length < limit; ) {
      const spanMs = isClosed ? longestMs : Math.min(longestMs, (limit - rows.length) * MINUTE_MS);
      const isLast = fromMs + spanMs >= nowMs;
      // "Until now" moves on while the request is in flight: one minute more, so that the beginning is not
      // cut off.
      const seconds = Math.ceil((isLast ? nowMs - fromMs + MINUTE_MS : spanMs) / 1000);
      const untilMs = fromMs + spanMs;
      const found = await this.#minutes(contract, isLast ? null : untilMs, seconds);
      rows.push(...found.filter(([openMs = 0]) => openMs >= fromMs && openMs < untilMs));
      isClosed = found.length === 0;
      fromMs = untilMs;
    }
    return rows.slice(0, limit);
  }

  /** The Gateway reports whole seconds. */
  fetchTime(): Promise<number> {
    return this.#gateway.ask(currentTime());
  }

  stream(events: StreamEvents): PriceStream {
    this.#events = events;
    return {
      givesMinutes: false,
      connect: (timeoutMs) => this.#connect(timeoutMs),
      resubscribe: (symbols) => this.#resubscribe(symbols),
      drop: (cause) => this.#drop(cause),
    };
  }

  async close(): Promise<void> {
    this.#forget();
    this.#events = null;
    this.#end('closed');
    await this.#gateway.close();
  }

  get #away(): boolean {
    return this.#gateway.session === null || this.#gateway.linkBroken;
  }

  #contractOf(symbol: string): Contract | undefined {
    return tradedContract(this.#options.address, symbol) ?? this.#contracts.get(symbol);
  }

  async #minutes(contract: Contract, endMs: number | null, seconds: number): Promise<readonly OhlcvRow[]> {
    try {
      return await this.#gateway.ask(minutes(contract, endMs, seconds));
    } catch (error) {
      if (error instanceof Refused && error.code === HISTORY_REFUSED && NO_DATA.test(error.message))
        return [];
      throw error;
    }
  }

  async #connect(timeoutMs: number): Promise<{ readonly ended: Promise<string> }> {
    const dueMs = performance.now() + timeoutMs;
    while (this.#away) {
      if (performance.now() > dueMs) throw new VenueUnavailable(this.#lost || 'the broker is away');
      await sleep(RETRY_MS, undefined, { ref: false });
    }
    if (this.#contracts.size === 0) await this.#resolve();
    if (this.#away) throw new VenueUnavailable(this.#lost || 'the broker is away');
    this.#farmsUp();
    const ended = new Promise<string>((resolve) => {
      this.#end = resolve;
    });
    this.#cancelAll();
    this.#subscribe([...this.#contracts.keys()]);
    return { ended };
  }

  #resubscribe(symbols: readonly string[]): void {
    for (const [id, { symbol }] of [...this.#subscriptions]) if (symbols.includes(symbol)) this.#cancel(id);
    this.#subscribe(symbols);
  }

  #subscribe(symbols: readonly string[]): void {
    for (const symbol of symbols) {
      const contract = this.#contractOf(symbol);
      if (contract === undefined) continue;
      const id = this.#nextId++;
      this.#subscriptions.set(id, { symbol, conId: contract.conId, best: {}, due: false, problem: null });
      this.#gateway.session?.api.reqMktData(id, contract, '', false, false);
    }
  }

  /**
   * Ends the stream if the traded contract has changed, so that a new one follows it: prices must match what
   * is traded.
   */
  #follow(): void {
    const others = [...this.#subscriptions.values()].filter(
      ({ symbol, conId }) => this.#contractOf(symbol)?.conId !== conId,
    );
    if (others.length > 0) this.#drop('what is traded has become another contract');
  }

  #drop(cause: string): void {
    this.#cancelAll();
    this.#end(cause);
  }

  #cancelAll(): void {
    for (const id of [...this.#subscriptions.keys()]) this.#cancel(id);
  }

  #cancel(id: number): void {
    this.#subscriptions.delete(id);
    this.#gateway.session?.api.cancelMktData(id);
  }

  #onEvent(event: EventName, args: readonly unknown[]): void {
    if (event === EventName.error) {
      const [error, code, id] = args;
      const refused = this.#subscriptions.get(Number(id));
      if (refused !== undefined && !isWarning(Number(code)))
        refused.problem = `${code} ${(error as Error).message}`;
      return;
    }
    const subscription = this.#subscriptions.get(Number(args[0]));
    if (subscription === undefined || !takeTick(subscription.best, event, args) || subscription.due) return;
    // The ticks of one change come one by one: half of them would be a price that never existed.
    subscription.due = true;
    setImmediate(() => this.#tell(subscription));
  }

  #tell(subscription: Subscription): void {
    subscription.due = false;
    const { symbol, best, problem } = subscription;
    if (problem !== null || this.#farmsDown.size > 0) return;
    if (best.bid === undefined || best.ask === undefined) return;
    // The other side of the same change is still on its way.
    if (best.bid > best.ask) return;
    this.#events?.quote({ symbol, ...best }, null);
  }

  #onNotice(code: number, text: string): void {
    if (linkAfter(code) === true) this.#drop(text);
    if (code === DATA_LOST) this.#drop(text);
    // Farms that are down are reported again once the link is back.
    if (linkAfter(code) === false && this.#farmsDown.size > 0) {
      this.#farmsDown.clear();
      this.#forgetBest();
    }
    const farm = farmAfter(code, text, this.#options.instruments);
    if (farm === null || farm.farm === 'history') return;
    if (!farm.up) this.#farmsDown.set(farm.name, `${code} ${text}`);
    else if (this.#farmsDown.delete(farm.name)) this.#forgetBest();
  }

  /** A bid from before the outage must not be paired with an ask from after it, or vice versa. */
  #forgetBest(): void {
    for (const one of this.#subscriptions.values()) one.best = {};
  }

  /** Throws if the Gateway may be showing prices from before an outage. */
  #farmsUp(): void {
    if (this.#farmsDown.size > 0) throw new VenueUnavailable([...this.#farmsDown.values()].join('; '));
  }
}

const RETRY_MS = 50;

const isResolved = (one: ResolvedContract | { readonly problem: string }): one is ResolvedContract =>
  'contract' in one && one.problem === null;

/**
 * Best prices and sizes of one contract, collected from single ticks. Undefined: not received yet, or nobody offers.
 */
export interface BestPrices {
  bid?: number | undefined;
  ask?: number | undefined;
  bidVolume?: number | undefined;
  askVolume?: number | undefined;
}

/** Tick types. Those of delayed prices have other numbers and are never used. */
const PRICES: Readonly<Record<number, 'bid' | 'ask'>> = { 1: 'bid', 2: 'ask' };
const SIZES: Readonly<Record<number, 'bidVolume' | 'askVolume'>> = { 0: 'bidVolume', 3: 'askVolume' };

/** False if the tick does not concern the best prices. */
export function takeTick(best: BestPrices, event: EventName, [, type, value]: readonly unknown[]): boolean {
  const key =
    event === EventName.tickPrice
      ? PRICES[Number(type)]
      : event === EventName.tickSize
        ? SIZES[Number(type)]
        : undefined;
  if (key === undefined) return false;
  const told = Number(value);
  // -1 means that nobody offers; no price traded here can be that low.
  best[key] = Number.isFinite(told) && !isNone(told) && told > 0 ? told : undefined;
  return true;
}

/** If a price or a size is missing, the broker ends a snapshot only after 11 seconds. */
const SNAPSHOT_MS = 15_000;

/** A snapshot of the current best prices. */
function quote(contract: Contract): Question<BestPrices> {
  const best: BestPrices = {};
  return {
    name: `quote of ${contract.localSymbol}`,
    send: (api, id) => api.reqMktData(id, contract, '', true, false),
    hear(event, args, id, done) {
      if (args[0] !== id) return;
      takeTick(best, event, args);
      const { bid, ask, bidVolume, askVolume } = best;
      const complete = [bid, ask, bidVolume, askVolume].every((told) => told !== undefined);
      if (complete || event === EventName.tickSnapshotEnd) done(best);
    },
  };
}

/** The longest span requested at once: a day of one-minute bars. */
const SPAN_SECONDS_MAX = 86_400;

/** Minutes with trades that end by `endMs` (null: now), oldest first. The current minute may be among them. */
function minutes(contract: Contract, endMs: number | null, seconds: number): Question<readonly OhlcvRow[]> {
  const rows: OhlcvRow[] = [];
  return {
    name: `minutes of ${contract.localSymbol}`,
    send: (api, id) =>
      api.reqHistoricalData(
        ...([id, contract, endMs === null ? '' : utcText(endMs), `${seconds} S`] as const),
        ...([BarSizeSetting.MINUTES_ONE, WhatToShow.TRADES, OUTSIDE_REGULAR_HOURS_TOO] as const),
        ...([SECONDS_SINCE_1970, false] as const),
      ),
    hear(event, [its, date, open, high, low, close, volume], id, done) {
      if (its !== id || event !== EventName.historicalData) return;
      if (String(date).startsWith('finished')) {
        done(rows);
        return;
      }
      const prices = [open, high, low, close].map((price) => numberOf(price, 'bar'));
      rows.push([
        numberOf(Number(date), 'time of a bar') * 1000,
        ...prices,
        numberOf(Number(volume), 'volume'),
      ]);
    },
  };
}

const OUTSIDE_REGULAR_HOURS_TOO = 0;
const SECONDS_SINCE_1970 = 2;

/** For example 20261120-15:00:00. */
function utcText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll('-', '').replace('T', '-');
}
