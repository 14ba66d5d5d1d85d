/**
 * Delivers a timed source at a given speed: the feed of the simulated market and of recorded files. Below, how far each
 * such market had come, so that the next start continues there.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type {
  MarketBar,
  MarketEvent,
  MarketFeed,
  MarketListener,
  MarketSource,
  MarketWants,
  QuoteEvent,
} from '../contracts/market-feed.js';
import type { InstrumentId } from '../domain/instrument.js';
import { messageOf } from '../domain/message-of.js';
import type { QuoteColumns } from '../domain/quote-columns.js';

/** Market time of a simulated or recorded market: real time × speed, and never backwards. */
class MarketClock {
  #lastMs: number;
  #marketMs: number;

  /** `speed`: market milliseconds per millisecond of real time. */
  constructor(
    startMs: number,
    private readonly speed: number,
    private readonly steadyMs: () => number,
  ) {
    this.#marketMs = startMs;
    this.#lastMs = steadyMs();
  }

  /** Starts or continues now; time that passed in between does not count. */
  resume(): void {
    this.#lastMs = this.steadyMs();
  }

  now(): number {
    const now = this.steadyMs();
    if (now > this.#lastMs) this.#marketMs += (now - this.#lastMs) * this.speed;
    this.#lastMs = now;
    return Math.floor(this.#marketMs);
  }

  /** Milliseconds of real time until `marketMs`; 0 if it has passed. */
  realMsUntil(marketMs: number): number {
    return Math.max(0, (marketMs - this.now()) / this.speed);
  }
}

/** Longest delivery before yielding to the event loop. */
const SLICE_MS = 8;
/** Events between two checks of that time. */
const SLICE_CHECK_EVENTS = 64;
/** After a longer standstill (a suspended process), bars are caught up with their extremes only. */
const COARSE_GAP_MS = 5 * 60_000;
const SAVE_EVERY_MS = 250;
const IDLE_MS_MAX = 100;

interface ReplayOptions {
  readonly events: TimedSource;
  readonly source: MarketSource;
  /** Market time to begin at: everything up to and including it was delivered before. */
  readonly startMs: number;
  /** Left out: it does not end. */
  readonly endMs?: number;
  readonly quotesFromBars?: readonly InstrumentId[];
  readonly showsBooks?: boolean;
  readonly withOwnSpread?: readonly InstrumentId[];
  readonly fileHashes?: ReadonlyMap<string, string>;
  readonly history: (instrument: InstrumentId, count: number, nowMs: number) => readonly MarketBar[];
  /** Called at least every second, and at stop, with the time up to which everything was delivered. */
  readonly savePosition: (marketMs: number) => void;
  /** What has ended, for the message: the files of a recording. */
  readonly endedDetail: string;
  readonly steadyMs: () => number;
}

export class ReplayFeed implements MarketFeed {
  readonly source: MarketSource;
  readonly endMs: number | undefined;
  readonly quotesFromBars: readonly InstrumentId[];
  readonly showsBooks: boolean;
  readonly withOwnSpread: readonly InstrumentId[];
  readonly fileHashes: ReadonlyMap<string, string>;
  readonly #clock: MarketClock | null;
  #deliveredMs: number;
  /** All events up to and including this time have been delivered. */
  #completeMs: number;
  #idle = false;
  #stopping = false;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;
  #between: MarketWants['between'];
  #passes: MarketWants['passes'];
  #passesBars = false;
  #moments: MarketWants['moments'];
  /** Time of the event that is waited for. */
  #upcomingMs: number | null = null;
  #savedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ReplayOptions) {
    this.source = options.source;
    this.endMs = options.endMs;
    this.quotesFromBars = options.quotesFromBars ?? [];
    this.showsBooks = options.showsBooks === true;
    this.withOwnSpread = options.withOwnSpread ?? [];
    this.fileHashes = options.fileHashes ?? new Map();
    const { speed } = options.source;
    this.#clock = speed === null ? null : new MarketClock(options.startMs, speed, options.steadyMs);
    this.#deliveredMs = options.startMs;
    this.#completeMs = options.startMs;
  }

  /** Never later than an event still to be delivered, so that a listener sees time in order. */
  nowMs(): number {
    if (this.#idle && this.#clock) {
      const nextMs = this.#upcomingMs;
      if (nextMs !== null)
        this.#deliveredMs = Math.max(this.#deliveredMs, Math.min(this.#clock.now(), nextMs));
    }
    return this.#deliveredMs;
  }

  history(instrument: InstrumentId, count: number): Promise<readonly MarketBar[]> {
    return Promise.resolve(this.options.history(instrument, count, this.nowMs()));
  }

  get tellsTrades(): boolean {
    return this.options.events.tellsTrades;
  }

  start(listener: MarketListener, wanted?: MarketWants): void {
    if (this.#running) throw new Error('the feed was started before');
    if (wanted?.trades) this.options.events.wantTrades?.();
    this.#between = wanted?.between;
    this.#passes = wanted?.passes;
    this.#passesBars = wanted?.passesBars === true;
    this.#moments = wanted?.moments;
    this.#clock?.resume();
    this.#running = this.#run(listener);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#running;
    this.#save();
    await this.options.events.close();
  }

  async #run(listener: MarketListener): Promise<void> {
    try {
      while (!this.#stopping && (await this.#deliverDue(listener))) await this.#waitForNext();
    } catch (error) {
      const detail = messageOf(error);
      await listener({ kind: 'health', state: 'down', detail });
      await listener({ kind: 'ended', detail });
    }
  }

  /**
   * Delivers everything that is due, in slices. False: the source has ended, and the listener was notified.
   */
  async #deliverDue(listener: MarketListener): Promise<boolean> {
    this.#idle = false;
    const dueMs = this.#clock?.now() ?? Number.POSITIVE_INFINITY;
    this.#skipDetailIfLate(dueMs);
    let sliceEndsAt = performance.now() + SLICE_MS;
    for (let count = 0; !this.#stopping; count += 1) {
      if (count >= SLICE_CHECK_EVENTS) {
        count = 0;
        if (performance.now() > sliceEndsAt) {
          this.#saveNowAndThen();
          await yieldToEventLoop();
          if (this.#stopping) break;
          sliceEndsAt = performance.now() + SLICE_MS;
        }
      }
      // Nothing is awaited while events are ready: a turn of the microtask queue costs more than a quote.
      const passed = this.#passesQuotes(dueMs);
      count += passed;
      if (passed > 0) continue;
      const next = this.options.events.peek() ?? (await this.#next());
      if (next === null) return this.#end(listener);
      const momentMs = Math.max(this.#deliveredMs, this.#moments?.nextMs() ?? Number.POSITIVE_INFINITY);
      const event = this.#before(next, momentMs) ?? next;
      const atMs = Math.min(event.marketMs, momentMs);
      if (atMs > dueMs) {
        this.#completeMs = Math.max(this.#completeMs, dueMs);
        this.#upcomingMs = atMs;
        break;
      }
      if (event === next && momentMs >= next.marketMs) this.options.events.shift();
      this.#reach(atMs);
      const waitFor = momentMs < event.marketMs ? this.#moments?.pass(momentMs) : listener(event);
      if (waitFor) await waitFor;
    }
    return true;
  }

  async #next(): Promise<TimedEvent | null> {
    for (;;) {
      const event = this.options.events.peek();
      if (event !== null) return event;
      if (!(await this.options.events.fill())) return null;
    }
  }

  /** How many of the next quotes and bars have been taken at once. */
  #passesQuotes(dueMs: number): number {
    const { events } = this.options;
    const quotes = this.#passes === undefined ? null : (events.quotesAhead?.(this.#passesBars) ?? null);
    if (quotes === null) return 0;
    const { from, marketMs } = quotes;
    while (quotes.until > from && (marketMs[quotes.until - 1] as number) > dueMs) quotes.until -= 1;
    const taken = quotes.until > from ? (this.#passes?.(quotes) ?? 0) : 0;
    if (taken === 0) return 0;
    this.#completeMs = Math.max(this.#completeMs, this.#deliveredMs);
    this.#deliveredMs = Math.max(this.#deliveredMs, marketMs[from + taken - 1] as number);
    events.take?.(taken);
    return taken;
  }

  /** The earliest quote to be delivered before this event, of any instrument. Null: none. */
  #before(next: TimedEvent, momentMs: number): TimedEvent | null {
    const { events } = this.options;
    let earliest: QuoteEvent | null = null;
    if (this.#between === undefined || events.underWay === undefined) return null;
    for (const head of events.underWay(next.marketMs)) {
      const between = this.#between(head, this.#deliveredMs, momentMs);
      if (between !== null && between.marketMs < (earliest ?? next).marketMs) earliest = between;
    }
    return earliest;
  }

  #reach(marketMs: number): void {
    if (marketMs <= this.#deliveredMs) return;
    this.#completeMs = this.#deliveredMs;
    this.#deliveredMs = marketMs;
  }

  async #end(listener: MarketListener): Promise<false> {
    this.#completeMs = this.#deliveredMs;
    this.#save();
    await listener({ kind: 'ended', detail: this.options.endedDetail });
    return false;
  }

  #skipDetailIfLate(dueMs: number): void {
    const { speed } = this.source;
    if (speed !== null && dueMs - this.#deliveredMs > COARSE_GAP_MS * speed)
      this.options.events.coarseUntil?.(dueMs);
  }

  async #waitForNext(): Promise<void> {
    const nextMs = this.#upcomingMs;
    this.#idle = true;
    this.#saveNowAndThen();
    const untilNext = nextMs !== null && this.#clock ? this.#clock.realMsUntil(nextMs) : IDLE_MS_MAX;
    if (this.#stopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(IDLE_MS_MAX, Math.max(1, Math.ceil(untilNext))));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  #saveNowAndThen(): void {
    const now = this.options.steadyMs();
    if (Math.abs(now - this.#savedAtMs) < SAVE_EVERY_MS) return;
    this.#savedAtMs = now;
    this.#save();
  }

  #save(): void {
    if (this.#idle) this.#completeMs = Math.max(this.#completeMs, this.nowMs() - 1);
    try {
      this.options.savePosition(this.#completeMs);
    } catch {
      // A full disk is no end of the market: an older position repeats prices and loses none, and the next save is near.
    }
  }
}

/** Timed market events, in order, from a source that does not depend on the wall clock. */
export type TimedEvent = Extract<MarketEvent, { marketMs: number }>;

export interface TimedSource {
  /** The next event. Null: call `fill` first. */
  peek(): TimedEvent | null;
  /**
   * Of each instrument whose next event is a price inside a bar, that event, if the way to it begins before this time. The
   * list is only valid until the next call. Left out: no prices are made from bars.
   */
  underWay?(beforeMs: number): readonly QuoteEvent[];
  /**
   * The next quotes, and `withBars` the bars that end between them, as far as nothing else comes between them and none has a
   * book. Null: there is none, or not ready. Left out: never.
   */
  quotesAhead?(withBars: boolean): QuoteColumns | null;
  /** Takes so many of them. */
  take?(count: number): void;
  /** Takes the event that `peek` showed. */
  shift(): void;
  /** Prepares more events. False: there are no more. Throws if something is wrong with the source. */
  fill(): Promise<boolean>;
  /** It delivers trades, or can be made to by `wantTrades`. */
  readonly tellsTrades: boolean;
  wantTrades?(): void;
  /** Up to this market time the reader is so far behind that the extremes of bars are enough. */
  coarseUntil?(marketMs: number): void;
  close(): Promise<void>;
}

export interface MarketPositionStore {
  /** Everything up to and including this market time was delivered. Null: nothing was. */
  load(identity: string): number | null;
  save(identity: string, marketMs: number): void;
  /** The recorded run begins with the bars that open at this time, whatever was delivered before. Null: nowhere set. */
  readonly beginMs?: number | null;
}

/**
 * Stores the positions in one small JSON file, replaced by rename. It is not synced: after a power failure
 * the market may resume a little earlier, which repeats quotes and loses none. An unreadable file counts as
 * empty.
 */
export function openMarketPositionFile(file: string): MarketPositionStore {
  const positions = new Map(Object.entries(readPositions(file)));
  return {
    load: (identity) => {
      const marketMs = positions.get(identity);
      return Number.isSafeInteger(marketMs) ? (marketMs as number) : null;
    },
    save(identity, marketMs) {
      positions.set(identity, marketMs);
      mkdirSync(dirname(file), { recursive: true });
      const next = `${file}.next`;
      writeFileSync(next, `${JSON.stringify(Object.fromEntries(positions))}\n`, { mode: 0o600 });
      renameSync(next, file);
    },
  };
}

function readPositions(file: string): Record<string, unknown> {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof found === 'object' && found !== null ? { ...found } : {};
  } catch {
    return {};
  }
}
