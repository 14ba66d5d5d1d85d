/** Opens the requested prices as a feed that delivers the same prices at every start. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type {
  MarketBar,
  MarketEvent,
  MarketFeed,
  MarketListener,
  MarketSource,
  MarketWants,
} from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { MarketChoice } from '../../home/runtime.js';
import { createFeed, outsideFor } from '../../market/create-feed.js';
import type { MarketPositionStore } from '../../market/replay-feed.js';
import { spreadTicksOf } from '../../market/spread.js';
import { barQuotes } from '../../venue/bar-path.js';

/** A validation always begins at the same place of its prices, however often it is continued. */
const beginningAt = (beginMs: number | null): MarketPositionStore => ({
  load: () => beginMs,
  beginMs,
  save: () => undefined,
});

interface PricesRequest {
  readonly market: MarketChoice;
  /** Null: the first price. */
  readonly beginMs: number | null;
  readonly desk: Desk;
  readonly instruments: readonly Instrument[];
  /** Folder of the validation. */
  readonly directory: string;
  readonly onFault: (error: Error) => void;
}

export type OpenFeed = typeof createFeed;

/**
 * Throws `DataFileError` or `FeedUnavailable`. Recorded and simulated prices come as fast as they are
 * consumed.
 */
export async function openPrices(
  request: PricesRequest,
  openFeed: OpenFeed = createFeed,
): Promise<MarketFeed> {
  const { desk, instruments, directory, onFault } = request;
  const choice = { ...request.market, kind: chosenBefore(directory) ?? request.market.kind, speed: null };
  const position = beginningAt(request.beginMs);
  const outside = outsideFor('validation');
  const feed = await openFeed(choice, { ...desk, mode: 'paper' }, instruments, position, outside);
  keepChoice(directory, feed.source.kind);
  if (feed.source.kind !== 'live') return feed;
  const file = join(directory, 'prices.log');
  const spreadTicks = spreadTicksOf(desk.instruments, instruments);
  return new LoggedFeed({ feed, file, instrumentCount: instruments.length, spreadTicks, onFault });
}

/** What `auto` chose the first time applies to every later start. */
function chosenBefore(directory: string): MarketChoice['kind'] | null {
  const file = choiceFile(directory);
  return existsSync(file) ? (readFileSync(file, 'utf8').trim() as MarketChoice['kind']) : null;
}

function keepChoice(directory: string, kind: MarketChoice['kind']): void {
  if (chosenBefore(directory) === null) writeFileSync(choiceFile(directory), `${kind}\n`, { mode: 0o600 });
}

const choiceFile = (directory: string): string => join(directory, 'market');

/**
 * Live events are logged and traded on in groups at this interval, with only the newest of an instrument's
 * quotes.
 */
const GROUP_MS = 200;
/** The most missed minutes that are requested from a venue; the rest is a gap. */
const MISSED_MINUTES_MAX = 5000;

interface LoggedFeedOptions {
  readonly feed: MarketFeed;
  readonly file: string;
  readonly instrumentCount: number;
  readonly spreadTicks: readonly number[];
  /** A write failed, so the run can't go on. */
  readonly onFault: (error: Error) => void;
}

/**
 * Live prices as a feed that can be restarted: first the logged ones, then the minutes missed since, then
 * live.
 */
class LoggedFeed implements MarketFeed {
  readonly source: MarketSource;
  readonly #options: LoggedFeedOptions;
  readonly #log: PriceLog;
  readonly #past = new Map<InstrumentId, readonly MarketBar[]>();
  /** An earlier start has told prices. */
  readonly #hasTold: boolean;
  #group: TimedEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #listener: MarketListener = () => undefined;
  #wanted: MarketWants | undefined;
  /** Market time of the newest price that was told before the live ones. Null: those are told. */
  #reachedMs: number | null = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(options: LoggedFeedOptions) {
    this.#options = options;
    this.#log = new PriceLog(options.file);
    let source: MarketSource | null = null;
    let hasTold = false;
    for (const price of readPriceLog(options.file)) {
      if (price.kind === 'source') source = price.source;
      else if (price.kind === 'past' && price.bars[0]) this.#past.set(price.bars[0].instrument, price.bars);
      else {
        hasTold = true;
        break;
      }
    }
    this.#hasTold = hasTold;
    this.source = source ?? options.feed.source;
    if (source === null) this.#log.append([{ kind: 'source', source: this.source }]);
  }

  /** What is kept or was missed is told first, so its end is not over while the venue is still asked about it. */
  nowMs(): number {
    return Math.min(this.#options.feed.nowMs(), this.#reachedMs ?? Number.POSITIVE_INFINITY);
  }

  /**
   * History as it was when the validation began: the same at every start. If there was none then, there is none: what the
   * venue has by now is of the time that was traded.
   */
  async history(instrument: InstrumentId, count: number): Promise<readonly MarketBar[]> {
    const kept = this.#past.get(instrument);
    if (kept !== undefined || this.#hasTold) return kept ?? [];
    const bars = await this.#options.feed.history(instrument, count);
    if (bars.length > 0) this.#log.append([{ kind: 'past', bars }]);
    return bars;
  }

  get tellsTrades(): boolean {
    return this.#options.feed.tellsTrades;
  }

  start(listener: MarketListener, wanted?: MarketWants): void {
    this.#listener = listener;
    this.#wanted = wanted;
    void this.#run().catch((error: unknown) => this.#fault(error));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#options.feed.stop();
    this.#log.close();
  }

  async #run(): Promise<void> {
    let lastMs: number | null = null;
    // End of the bars delivered so far, by instrument.
    const endMs = new Map([...this.#past].map(([id, bars]) => [id, endOf(bars.at(-1))]));
    for (const price of readPriceLog(this.#options.file)) {
      if (!('marketMs' in price)) continue;
      if (this.#stopped) return;
      await this.#listener(price);
      lastMs = price.marketMs;
      this.#reachedMs = lastMs;
      if (price.kind === 'bar') endMs.set(price.bar.instrument, endOf(price.bar));
    }
    if (lastMs !== null) await this.#catchUp(lastMs, endMs);
    this.#reachedMs = null;
    if (!this.#stopped) this.#options.feed.start((event) => this.#live(event), this.#wanted);
  }

  /**
   * Nothing ran in the meantime: whole minutes of the venue's history stand in. They include the minute in
   * which the run ended, without its prices before `lastMs`.
   */
  async #catchUp(lastMs: number, endMs: ReadonlyMap<InstrumentId, number>): Promise<void> {
    const { feed, instrumentCount, spreadTicks } = this.#options;
    const ids = Array.from({ length: instrumentCount }, (_, id) => id);
    const fromMs = (id: InstrumentId): number => endMs.get(id) ?? lastMs;
    const missed = (id: InstrumentId): number =>
      Math.min(MISSED_MINUTES_MAX, Math.ceil((feed.nowMs() - fromMs(id)) / MINUTE_MS));
    const bars = (await Promise.all(ids.map((id) => feed.history(id, missed(id))))).flat();
    const events = bars
      .filter((bar) => bar.openMs >= fromMs(bar.instrument))
      .flatMap((bar): TimedEvent[] => [
        ...barQuotes(bar, spreadTicks[bar.instrument] ?? 1).filter(({ marketMs }) => marketMs >= lastMs),
        { kind: 'bar', marketMs: Math.max(lastMs, endOf(bar)), bar },
      ])
      .sort((a, b) => a.marketMs - b.marketMs);
    if (this.#stopped || events.length === 0) return;
    this.#log.append(events);
    for (const event of events) await this.#listener(event);
  }

  #live(event: MarketEvent): void {
    if (this.#stopped) return;
    if (!('marketMs' in event)) {
      void this.#listener(event);
      return;
    }
    const newer = (other: TimedEvent) =>
      other.kind !== 'quote' || event.kind !== 'quote' || other.instrument !== event.instrument;
    this.#group = [...this.#group.filter(newer), event];
    this.#timer ??= setTimeout(() => this.#flush(), GROUP_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const group = this.#group;
    this.#group = [];
    try {
      this.#log.append(group);
      for (const event of group) void this.#listener(event);
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.#options.onFault(error instanceof Error ? error : new Error(String(error)));
  }
}

type TimedEvent = Extract<MarketEvent, { readonly marketMs: number }>;

type LoggedPrice =
  | { readonly kind: 'source'; readonly source: MarketSource }
  | { readonly kind: 'past'; readonly bars: readonly MarketBar[] }
  | TimedEvent;

const endOf = (bar: MarketBar | undefined): number => (bar === undefined ? 0 : bar.openMs + bar.spanMs);

/** Enough for days of quotes of a busy desk; more is a flood. */
const LOG_BYTES_MAX = 2 * 1024 ** 3;
const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

class PriceLogFull extends Error {
  override readonly name = 'PriceLogFull';
}

/** Oldest first, one chunk in memory at a time. Whatever follows the last line feed is left out. */
function* readPriceLog(file: string): Generator<LoggedPrice, void> {
  if (!existsSync(file)) return;
  const descriptor = openSync(file, 'r');
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest = Buffer.alloc(0);
    for (let bytes = readSync(descriptor, chunk); bytes > 0; bytes = readSync(descriptor, chunk)) {
      const known = Buffer.concat([rest, chunk.subarray(0, bytes)]);
      const end = known.lastIndexOf(LINE_FEED) + 1;
      for (const line of known.toString('utf8', 0, end).split('\n')) {
        if (line !== '') yield withVolumes(JSON.parse(line) as LoggedPrice);
      }
      rest = known.subarray(end);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** JSON writes a volume that is not known, NaN, as null. */
function withVolumes(price: LoggedPrice): LoggedPrice {
  const read = (bar: MarketBar): MarketBar => ({ ...bar, volumeLots: bar.volumeLots ?? Number.NaN });
  if (price.kind === 'bar') return { ...price, bar: read(price.bar) };
  return price.kind === 'past' ? { ...price, bars: price.bars.map(read) } : price;
}

/**
 * Logs live prices to disk before they are traded on, one event on each line. Live prices are never repeated,
 * so a restarted run is fed from this log up to where its last process ended.
 */
class PriceLog {
  readonly #descriptor: number;
  #bytes: number;

  /** Removes a line that a crash has cut off: nothing was traded on it. */
  constructor(file: string) {
    this.#descriptor = openSync(file, existsSync(file) ? 'r+' : 'w+', 0o600);
    this.#bytes = wholeBytes(this.#descriptor);
    ftruncateSync(this.#descriptor, this.#bytes);
  }

  /** Durable when it returns. Throws the file system's error or `PriceLogFull`. */
  append(prices: readonly LoggedPrice[]): void {
    const bytes = Buffer.from(prices.map((price) => `${JSON.stringify(price)}\n`).join(''));
    if (this.#bytes + bytes.length > LOG_BYTES_MAX) {
      throw new PriceLogFull(`live prices take more than ${LOG_BYTES_MAX} bytes`);
    }
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#bytes + done);
    fdatasyncSync(this.#descriptor);
    this.#bytes += bytes.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Bytes up to and including the last line feed. */
function wholeBytes(descriptor: number): number {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let end = fstatSync(descriptor).size;
  while (end > 0) {
    const from = Math.max(0, end - CHUNK_BYTES);
    const bytes = readSync(descriptor, chunk, 0, end - from, from);
    const at = chunk.subarray(0, bytes).lastIndexOf(LINE_FEED);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}
