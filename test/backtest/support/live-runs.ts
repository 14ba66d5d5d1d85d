/**
 * A desk at the exchange's simulator on a recording that the simulator plays: its engine, host and journal, Binance's adapter and
 * price feed with their library, orders and prices over the wire. Only time is the recording's: it stands still until everything
 * that was sent has been heard, so the machine's speed decides nothing.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { DEFAULT_KEYS } from '../../../simulators/binance/accounts.js';
import type { Travel } from '../../../simulators/binance/simulation.js';
import { type BinanceSimulator, startBinanceSimulator } from '../../../simulators/binance/start.js';
import { units } from '../../../simulators/binance/units.js';
import { ArmingRule } from '../../../src/backtest/instance/trading-instance.js';
import { VirtualTime } from '../../../src/backtest/instance/virtual-time.js';
import type { MarketEvent, MarketFeed, QuoteEvent } from '../../../src/contracts/market-feed.js';
import type { LoadedDesk } from '../../../src/desk/load.js';
import { formatDecimal } from '../../../src/domain/decimal.js';
import type { Instrument } from '../../../src/domain/instrument.js';
import type { Fill, OrderIntent } from '../../../src/domain/order.js';
import { createEngine, type Engine } from '../../../src/engine/engine.js';
import type { EngineRecord } from '../../../src/engine/record.js';
import { feedAddresses } from '../../../src/market/live/feed-addresses.js';
import { openLiveFeed } from '../../../src/market/live/open-live-feed.js';
import { openRecordedFeed } from '../../../src/market/recorded/recorded-feed.js';
import { spreadTicksOf } from '../../../src/market/spread.js';
import { buildInstruments, engineConfig } from '../../../src/trader/engine-config.js';
import { openJournal } from '../../../src/trader/journal/open-journal.js';
import { Runner } from '../../../src/trader/running/runner.js';
import { VenueCalls } from '../../../src/trader/running/venue-calls.js';
import { quoteAt, quoteOnTheWay } from '../../../src/venue/bar-path.js';
import { type BinanceVenue, openBinanceVenue } from '../../../src/venue/binance/binance-venue.js';
import { untilHolds } from '../../support/eventually.js';

/** As a backtest has it: what passes for the desk between two prices, at most. */
const GAP_MS_MAX = 1000;
const TICK_MS = 1000;
/** Nothing is asked for because it seems silent: between two prices of a recording no time passes here. */
const NEVER_MS = 1_000_000_000;
/** By the machine's clock, however busy it is. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Rounds without any news after which everything has been heard. */
const CALM_ROUNDS = 2;

export interface LiveRunSetting {
  readonly loaded: LoadedDesk;
  readonly files: readonly { readonly symbol: string; readonly file: string }[];
  /** For its journal. */
  readonly folder: string;
  readonly latencyMs: number;
  /** Also news of orders takes `latencyMs`, as requests do. Absent: it is there at once, as in a backtest. */
  readonly lateNews?: boolean;
  /** Only orders take `latencyMs`: a cancel or a smaller quantity none, as in a backtest. Inside a bar the market goes on in that time. */
  readonly cancelsAtOnce?: boolean;
  /** False: a price may be heard before what it has filled. Absent: the fills come first, as in a backtest. */
  readonly fillsFirst?: boolean;
}

export interface LiveRun {
  readonly fills: readonly Fill[];
  readonly orders: ReadonlyMap<string, OrderIntent>;
  readonly engine: Engine;
  /** Orders, cancels and changes that the exchange was asked for. */
  readonly requests: readonly string[];
  /** Its cash, in units of 1e-8. */
  readonly exchangeCash: bigint;
}

/** The recording as a backtest reads it. */
function recordedEvents(
  { desk }: LoadedDesk,
  files: LiveRunSetting['files'],
  instruments = buildInstruments(desk),
): Promise<MarketFeed> {
  return openRecordedFeed({
    files,
    instruments,
    spreadTicks: spreadTicksOf(desk.instruments, instruments),
    speed: null,
    position: { load: () => null, save: () => undefined },
    steadyMs: () => 0,
  });
}

/** When each price of the recording is there. */
export async function pricesOf(
  loaded: LoadedDesk,
  files: LiveRunSetting['files'],
): Promise<readonly number[]> {
  const recording = await recordedEvents(loaded, files);
  const times: number[] = [];
  await new Promise<void>((resolve) => {
    recording.start((event) => {
      if (event.kind === 'quote') times.push(event.marketMs);
      if (event.kind === 'ended') resolve();
    });
  });
  await recording.stop();
  return times;
}

export async function liveRun(setting: LiveRunSetting): Promise<LiveRun> {
  const { loaded, files } = setting;
  const instruments = buildInstruments(loaded.desk);
  const recording = await recordedEvents(loaded, files, instruments);
  const run = await LiveDesk.open(setting, instruments, recording.nowMs() + 1);
  try {
    await new Promise<void>((resolve, reject) => {
      const play = async (event: MarketEvent) => {
        if (event.kind === 'ended') resolve();
        else await run.play(event).catch(reject);
      };
      recording.start(play, {
        trades: false,
        between: (next, nowMs, momentMs) => run.onTheWay(next, nowMs, momentMs),
        moments: { nextMs: () => run.nextMs(), pass: (marketMs) => run.pass(marketMs).catch(reject) },
      });
    });
    return run.result();
  } finally {
    await recording.stop();
    await run.close();
  }
}

class LiveDesk {
  readonly #time: VirtualTime;
  readonly #dues = new Set<{ readonly dueMs: number; readonly work: () => void }>();
  readonly #counted = { began: 0, ended: 0 };
  /** Calls of the engine to the venue that are not answered yet. */
  #calls = 0;
  #waiting = 0;
  /** Of what waits, what belongs to a request: the request itself or its answer. */
  #asking = 0;
  #travels = false;
  #listens = false;
  /** Prices that nobody is told yet. Null: they are told at once. */
  #held: (() => void)[] | null = null;
  #broken: Error | null = null;
  #tickedMs = Number.NEGATIVE_INFINITY;
  readonly #fills: Fill[] = [];
  readonly #orders = new Map<string, OrderIntent>();
  /** When each order arrives at the exchange. */
  readonly #arriveMs = new Map<string, number>();
  /** By instrument. */
  readonly #played = new Map<number, QuoteEvent>();
  /** By instrument: from which of a bar's prices to which it is under way. */
  readonly #ways = new Map<number, { readonly from: QuoteEvent; readonly next: QuoteEvent }>();
  readonly #ends: (() => unknown)[] = [];
  #simulator!: BinanceSimulator;
  #engine!: Engine;
  #runner!: Runner;
  #arming!: ArmingRule;
  #durable!: () => Promise<number>;

  private constructor(
    private readonly setting: LiveRunSetting,
    private readonly instruments: readonly Instrument[],
    beginMs: number,
  ) {
    this.#time = new VirtualTime(beginMs, beginMs, GAP_MS_MAX);
  }

  static async open(
    setting: LiveRunSetting,
    instruments: readonly Instrument[],
    beginMs: number,
  ): Promise<LiveDesk> {
    const desk = new LiveDesk(setting, instruments, beginMs);
    try {
      await desk.#open();
      return desk;
    } catch (error) {
      await desk.close();
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { desk, configHash } = this.setting.loaded;
    const time = this.#time;
    const { instruments } = this;
    const simulator = await startBinanceSimulator({
      symbols: desk.instruments.map(({ symbol, tickSize, lotSize }) => {
        const [base = '', quote = ''] = symbol.split('/');
        return { base, quote, price: '50000', tickSize, stepSize: lotSize };
      }),
      accounts: [{ name: 'desk', balances: { [desk.paper.currency]: desk.paper.balance } }],
      history: { minutes: 0 },
      wallMs: () => time.marketMs,
      travel: this.#travel,
    });
    this.#simulator = simulator;
    this.#ends.push(() => simulator.close());
    this.#countRequests(simulator.port);

    const venue = await openBinanceVenue({
      endpoint: { kind: 'simulator', address: simulator.address },
      credentials: DEFAULT_KEYS[0]!,
      instruments,
      nowMs: () => time.marketMs,
      times: { monitorMs: NEVER_MS, requestTimeoutMs: REQUEST_TIMEOUT_MS },
      expectedLots: (id) =>
        this.#engine?.view.positions.find(({ instrument }) => instrument === id)?.quantityLots ?? 0,
    });
    this.#ends.push(() => venue.close());
    await untilHolds(() => venue.state.up, { everyMs: 5 });
    await this.#openEngine(venue, configHash);
    await this.#openFeed();
    this.#travels = true;
    this.#listens = true;
  }

  async #openEngine(venue: BinanceVenue, configHash: string): Promise<void> {
    const { desk } = this.setting.loaded;
    const time = this.#time;
    const { journal } = await openJournal({ directory: join(this.setting.folder, 'journal') });
    this.#ends.push(() => journal.close());
    this.#durable = async () => {
      await journal.whenDurable(journal.lastSequence);
      return journal.lastSequence;
    };
    const ruled = { ...desk, resume: { ...desk.resume, startup: 'auto' } } as const;
    const { incarnation } = journal;
    const config = engineConfig(ruled, configHash, incarnation, this.instruments, venue.capabilities);
    this.#engine = createEngine(config);
    const { dayStartMs } = config;
    const { instruments } = this;
    this.#arming = new ArmingRule({ configHash, instruments, dayStartMs, waitsForAll: true });
    const timers = { after: (delayMs: number, work: () => void) => this.#schedule(delayMs, work) };
    this.#runner = new Runner({
      ...{ engine: this.#engine, journal, clock: time, timers, pace: 'stepped' },
      link: new VenueCalls(this.#counting(venue), timers),
      marketNowMs: () => time.marketMs,
      onRecord: (record) => this.#note(record),
      onBroken: (error) => {
        this.#broken = error;
      },
    });
    this.#ends.push(() => this.#runner.stop());
    this.#runner.begin();
    await this.#calm();
  }

  async #openFeed(): Promise<void> {
    const time = this.#time;
    const opened = await openLiveFeed({
      venues: ['binance'],
      instruments: this.instruments,
      deadlineMs: 60_000,
      steadyMs: () => time.marketMs,
      addresses: feedAddresses({ binance: this.#simulator.address }).get('binance')!,
      reader: 'trader',
      times: {
        ...{ silentMs: NEVER_MS, pollMs: NEVER_MS, backoffMs: 10, backoffMsMax: 100 },
        minutes: {
          ...{ graceMs: NEVER_MS, settleMs: NEVER_MS, checkMs: 1000 },
          ...{ backoffMs: 10, backoffMsMax: 100, gapMsMax: NEVER_MS },
        },
      },
    });
    if (!opened.ok) throw new Error(opened.reasons.join('; '));
    this.#ends.push(() => opened.feed.stop());
    opened.feed.start((event) => this.#hear(event));
    const { marketStreams } = this.#simulator;
    await untilHolds(() => marketStreams.subscribed.length === 2 * this.instruments.length, { everyMs: 5 });
    await this.#calm();
  }

  /** The time before it passes with what arrives in it. */
  async play(event: MarketEvent): Promise<void> {
    if (!('marketMs' in event)) throw new Error(`a recording with ${event.kind}`);
    await this.#advanceTo(event.marketMs);
    const { simulation } = this.#simulator;
    if (this.setting.fillsFirst !== false) this.#held = [];
    if (event.kind === 'trade') throw new Error('trades of others are not played');
    const { tickSize, lotSize, base, quote } = this.#instrument(event);
    const price = (ticks: number) => formatDecimal(ticks, tickSize);
    if (event.kind === 'quote') {
      this.#played.set(event.instrument, event);
      simulation.playQuote(`${base}${quote}`, price(event.bidTicks), price(event.askTicks));
    } else {
      const { openMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = event.bar;
      const [open, high, low, close] = [openTicks, highTicks, lowTicks, closeTicks].map((one) =>
        units(price(one)),
      ) as [bigint, bigint, bigint, bigint];
      // Not known of a recording of quotes; an exchange always tells one.
      const volume = Number.isNaN(volumeLots) ? 0n : units(formatDecimal(volumeLots, lotSize));
      simulation.playMinute(`${base}${quote}`, { openMs, open, high, low, close, volume });
    }
    await this.#calm();
    const held = this.#held ?? [];
    this.#held = null;
    for (const tell of held) tell();
    await this.#calm();
  }

  /** Inside a minute the market passes every price, also those at which the desk's orders rest, or it acts itself. */
  onTheWay(next: QuoteEvent, nowMs: number, momentMs: number): QuoteEvent | null {
    const { instrument } = next;
    const last = this.#played.get(instrument);
    if (last === undefined) return null;
    if (this.#ways.get(instrument)?.next !== next) this.#ways.set(instrument, { from: last, next });
    const { from } = this.#ways.get(instrument)!;
    const spreadTicks = next.askTicks - next.bidTicks;
    const resting = this.#engine.view.orders
      .filter((order) => order.instrument === instrument && order.timeInForce === 'GTC')
      .flatMap(({ clientId, type, side, limitTicks, stopTicks }) => {
        const ticks = type === 'stop' ? stopTicks : limitTicks;
        if (ticks === null) return [];
        const bidTicks = side === 'buy' ? ticks - spreadTicks : ticks;
        return [{ bidTicks, fromMs: this.#arriveMs.get(clientId) ?? 0 }];
      });
    const { bids = [], asks = [] } = this.#engine.awaitedPrices(instrument) ?? {};
    const own = [...bids, ...asks.map((ticks) => ticks - spreadTicks)];
    const waits = [...resting, ...own.map((bidTicks) => ({ bidTicks, fromMs: 0 }))];
    const isAhead = ({ bidTicks }: { readonly bidTicks: number }): boolean =>
      (bidTicks - last.bidTicks) * (bidTicks - next.bidTicks) < 0;
    const reached = quoteOnTheWay(from, next, waits.filter(isAhead), nowMs);
    const isMoment = momentMs > last.marketMs && momentMs < (reached ?? next).marketMs;
    return isMoment ? quoteAt(from, next, momentMs) : reached;
  }

  /** When something arrives next, or the desk acts by time. */
  nextMs(): number {
    return Math.min(this.#engine.nextDueMs(), ...[...this.#dues].map(({ dueMs }) => dueMs));
  }

  /** After the prices of that time. */
  async pass(marketMs: number): Promise<void> {
    await this.#advanceTo(marketMs);
    if (this.#engine.nextDueMs() <= marketMs) this.#runner.post({ kind: 'tick' });
    for (;;) {
      const due = [...this.#dues].filter(({ dueMs }) => dueMs <= marketMs);
      for (const { work } of due) work();
      await this.#calm();
      if (due.length === 0) return;
    }
  }

  result(): LiveRun {
    const { requests, exchange } = this.#simulator.simulation;
    const { free, locked } = exchange.account('desk').balances.get(this.setting.loaded.desk.paper.currency)!;
    const changes = requests.filter(({ method, path }) => method !== 'GET' && path.startsWith('/api/'));
    return {
      ...{ fills: this.#fills, orders: this.#orders, engine: this.#engine },
      requests: changes.map(({ method, path }) => `${method} ${path}`),
      exchangeCash: free + locked,
    };
  }

  async close(): Promise<void> {
    this.#travels = false;
    for (const end of this.#ends.reverse()) await end();
  }

  /** As a backtest's host does: what is due comes first, each at its own time, then a tick. */
  async #advanceTo(marketMs: number): Promise<void> {
    for (;;) {
      const soonestMs = Math.min(...[...this.#dues].map(({ dueMs }) => dueMs));
      if (soonestMs >= marketMs) break;
      this.#time.moveTo(soonestMs + 1);
      await this.#calm();
    }
    this.#time.moveTo(marketMs);
    const monotonicMs = this.#time.monotonicMs();
    const wakeMs = this.#engine.nextWakeMs() ?? Number.POSITIVE_INFINITY;
    if (monotonicMs < this.#tickedMs + TICK_MS && monotonicMs < wakeMs) return;
    this.#tickedMs = monotonicMs;
    this.#runner.post({ kind: 'tick' });
    await this.#calm();
  }

  /** As the trader and a backtest do. */
  #hear(event: MarketEvent): void {
    if (!this.#listens) return;
    if (event.kind === 'quote') {
      const { instrument, bidTicks, askTicks } = event;
      this.#runner.post({ kind: 'quote', instrument, bidTicks, askTicks });
    } else if (event.kind === 'bar') {
      this.#runner.post({ kind: 'bar', ...event.bar, warmup: false, late: event.late === true });
    } else throw new Error(`the feed said ${JSON.stringify(event)}`);
    const command = this.#arming.commandFor(this.#engine, this.#time.marketMs);
    if (command !== null) void this.#runner.command(command);
  }

  #note(record: EngineRecord): void {
    this.#arming.onRecord(record);
    if (record.type === 'order.intended') {
      this.#orders.set(record.order.clientId, record.order);
      this.#arriveMs.set(record.order.clientId, this.#time.marketMs + this.setting.latencyMs);
    }
    if (record.type === 'fill') this.#fills.push(record.fill);
  }

  /** Requests take as long as an order does in a backtest. Before the recording begins, no time passes. */
  readonly #travel: Travel = (way, arrive) => {
    const { latencyMs, lateNews = false, cancelsAtOnce = false } = this.setting;
    if (way === 'price') {
      if (this.#held === null) arrive();
      else this.#held.push(arrive);
      return;
    }
    const isOrder = this.#simulator.simulation.requests.at(-1)?.method === 'POST';
    if (!this.#travels || (way === 'request' ? cancelsAtOnce && !isOrder : !lateNews)) {
      arrive();
      return;
    }
    const asks = way === 'event' ? 0 : 1;
    this.#waiting += 1;
    this.#asking += asks;
    this.#schedule(latencyMs, () => {
      this.#waiting -= 1;
      this.#asking -= asks;
      arrive();
    });
  };

  #schedule(delayMs: number, work: () => void): () => void {
    const takeBack = this.#time.schedule(delayMs, () => due.work());
    const due = {
      dueMs: this.#time.marketMs + delayMs,
      work: () => {
        this.#dues.delete(due);
        takeBack();
        work();
      },
    };
    this.#dues.add(due);
    return () => {
      this.#dues.delete(due);
      takeBack();
    };
  }

  /**
   * A call is more than its request: before that it may wait for room in the budgets, behind it its answer is read. Both take the
   * machine's time, and none of the recording's.
   */
  #counting(venue: BinanceVenue): BinanceVenue {
    return new Proxy(venue, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name, of);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          const answer: unknown = Reflect.apply(value, of, given);
          if (!(answer instanceof Promise)) return answer;
          this.#calls += 1;
          return answer.finally(() => {
            this.#calls -= 1;
          });
        };
      },
    });
  }

  /** Nothing is on its way but what waits for time to pass. */
  async #calm(): Promise<void> {
    for (let calm = 0, before = ''; calm < CALM_ROUNDS; ) {
      const sequence = await this.#durable();
      await this.#simulator.sockets.heard();
      await turn();
      if (this.#broken !== null) throw this.#broken;
      const { began, ended } = this.#counted;
      const now = `${sequence} ${began} ${ended} ${this.#waiting}`;
      const heard = began - ended <= this.#waiting && this.#calls <= this.#asking;
      calm = now === before && heard ? calm + 1 : 0;
      before = now;
    }
  }

  /** What the adapter has asked for and was answered, over HTTP. */
  #countRequests(port: number): void {
    const isOurs = (message: unknown): boolean => {
      const { request } = message as { readonly request: { getHeader(name: string): unknown } };
      return request.getHeader('host') === `127.0.0.1:${port}` && request.getHeader('upgrade') === undefined;
    };
    const began = (message: unknown): void => {
      if (isOurs(message)) this.#counted.began += 1;
    };
    const ended = (): void => {
      this.#counted.ended += 1;
    };
    /** Published with the first of an answer: its body may come in another packet. */
    const answered = (message: unknown): void => {
      if (isOurs(message)) (message as { readonly response: IncomingMessage }).response.once('close', ended);
    };
    const failed = (message: unknown): void => {
      if (isOurs(message)) ended();
    };
    const listeners = [
      ['http.client.request.start', began],
      ['http.client.response.finish', answered],
      ['http.client.request.error', failed],
    ] as const;
    for (const [name, listener] of listeners) subscribe(name, listener);
    this.#ends.push(() => {
      for (const [name, listener] of listeners) unsubscribe(name, listener);
    });
  }

  #instrument(event: Extract<MarketEvent, { readonly kind: 'quote' | 'bar' }>): Instrument {
    return this.instruments[event.kind === 'bar' ? event.bar.instrument : event.instrument]!;
  }
}
