/** Several recorded files as one stream of events. */
import type { MarketBar, QuoteEvent } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { QuoteColumns } from '../../domain/quote-columns.js';
import type { TimedEvent, TimedSource } from '../replay-feed.js';
import { filesByInstrument, type InstrumentFiles } from './check-recording.js';
import { BarStream, type FileStream, NOTHING_READY, PLAIN, type RowShape, RowStream } from './file-stream.js';
import { openRecording, type SidedFile } from './recorded-file.js';
import { isOfBars } from './row-layout.js';

interface RecordedInput extends SidedFile {
  readonly instrument: Instrument;
  readonly spreadTicks: number;
  readonly shape?: RowShape;
}

/** Prices and bars that are looked at together, at most: what is passed of them in one go is less than that as a rule. */
const AHEAD_MAX = 64;

/** Several recorded files as one stream in time order; at equal times in the order of their instruments. */
export class RecordedSource implements TimedSource {
  /** A binary heap: the stream with the next event comes first. Each has an event ready. */
  readonly #upcoming: FileStream[] = [];
  /** Those of them that have not ended, in their order. */
  #open: readonly FileStream[] = [];
  /** A stream has nothing ready: its next event might be the earliest. */
  #isDry = true;
  /** The next quotes, and the stream of each: they have left the heap, but were not taken. */
  readonly #ahead: QuoteColumns;
  readonly #aheadOf: FileStream[] = [];
  /** One list for all questions: it is asked for at each event that is not passed over. */
  readonly #underWay: QuoteEvent[] = [];

  private constructor(private readonly streams: readonly FileStream[]) {
    this.#ahead = new QuoteColumns(AHEAD_MAX + streams.length);
  }

  /**
   * Opens all files and skips what was delivered before. Throws `DataFileError`; no file stays open then. `begins`: at
   * that time a run begins with the bars that open then, and the last prices of those before are skipped too.
   */
  static async open(
    inputs: readonly RecordedInput[],
    deliveredMs: number,
    begins = false,
  ): Promise<RecordedSource> {
    return RecordedSource.ofRecordings(filesByInstrument(inputs), deliveredMs, begins);
  }

  static async ofRecordings(
    recordings: readonly InstrumentFiles<RecordedInput>[],
    deliveredMs: number,
    begins = false,
  ): Promise<RecordedSource> {
    const streams: FileStream[] = [];
    try {
      for (const { files, instrument, first, opened } of recordings) {
        const rows = opened ?? (await openRecording(files, instrument));
        const place = { order: streams.length, instrument: instrument.id, rows };
        const { spreadTicks, shape = PLAIN } = first;
        const isWhole = rows.format === 'bars' && rows.spanMs >= MINUTE_MS;
        streams.push(
          isWhole ? new BarStream(place, spreadTicks, shape) : new RowStream(place, spreadTicks, shape),
        );
      }
      for (const stream of streams) await stream.passOver(deliveredMs, begins);
      return new RecordedSource(streams);
    } catch (error) {
      await Promise.all(streams.map(({ rows }) => rows.close()));
      for (const { opened } of recordings) await opened?.close();
      throw error;
    }
  }

  get tellsTrades(): boolean {
    return this.streams.some(({ rows }) => rows.format === 'trades');
  }

  get quotesFromBars(): readonly InstrumentId[] {
    return this.streams.flatMap(({ rows, instrument }) => (isOfBars(rows.format) ? instrument : []));
  }

  get withOwnSpread(): readonly InstrumentId[] {
    return this.streams.flatMap(({ rows: { format }, instrument }) =>
      format === 'bars' || format === 'trades' ? [] : instrument,
    );
  }

  get showsBooks(): boolean {
    return this.streams.some(({ rows }) => rows.format === 'books');
  }

  peek(): TimedEvent | null {
    const { from, count } = this.#ahead;
    if (from < count) return (this.#aheadOf[from] as FileStream).event;
    return this.#isDry ? null : (this.#upcoming[0]?.event ?? null);
  }

  underWay(beforeMs: number): readonly QuoteEvent[] {
    const prices = this.#underWay;
    prices.length = 0;
    for (const stream of this.#open) if (stream.wayFromMs < beforeMs) prices.push(stream.event as QuoteEvent);
    return prices;
  }

  quotesAhead(withBars: boolean): QuoteColumns | null {
    const ahead = this.#ahead;
    if (ahead.from === ahead.count) {
      ahead.clear();
      if (this.#isDry) return null;
      this.#lookAhead(withBars);
    }
    ahead.until = ahead.count;
    return ahead.from < ahead.count ? ahead : null;
  }

  take(count: number): void {
    for (let taken = 0; taken < count; taken += 1)
      (this.#aheadOf[this.#ahead.from + taken] as FileStream).shift();
    this.#ahead.from += count;
  }

  shift(): void {
    if (this.#ahead.from < this.#ahead.count) {
      this.take(1);
      return;
    }
    const [stream] = this.#upcoming;
    if (this.#isDry || stream === undefined) return;
    stream.look();
    stream.shift();
    if (stream.nextMs === NOTHING_READY) this.#isDry = true;
    else this.#sink(0);
  }

  #lookAhead(withBars: boolean): void {
    const ahead = this.#ahead;
    while (ahead.count < AHEAD_MAX) {
      const stream = this.#upcoming[0] as FileStream;
      this.#aheadOf[ahead.count] = stream;
      if (!stream.lookAhead(ahead, withBars)) break;
      this.#isDry = stream.nextMs === NOTHING_READY;
      if (this.#isDry) break;
      this.#sink(0);
    }
    if (ahead.count === 0) return;
    // What waits on a way that begins only then comes after all of them.
    const lastMs = ahead.marketMs[ahead.count - 1] as number;
    for (const stream of this.#upcoming) if (stream.nextWayFromMs < lastMs) stream.showBeyond(ahead);
  }

  async fill(): Promise<boolean> {
    for (const stream of this.streams) if (stream.nextMs === NOTHING_READY) await stream.fill();
    this.#isDry = false;
    this.#open = this.streams.filter(({ nextMs }) => nextMs !== NOTHING_READY);
    this.#upcoming.splice(0, this.#upcoming.length, ...this.#open);
    for (let place = (this.#upcoming.length >> 1) - 1; place >= 0; place -= 1) this.#sink(place);
    return this.#upcoming.length > 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.streams.map(({ rows }) => rows.close()));
  }

  /** Bars that the stream has passed, oldest first. */
  bars(instrument: InstrumentId, count: number, nowMs: number): readonly MarketBar[] {
    return this.streams.find((stream) => stream.instrument === instrument)?.past.newest(count, nowMs) ?? [];
  }

  /** Moves a stream back behind those with earlier events. */
  #sink(place: number): void {
    const streams = this.#upcoming;
    const sinking = streams[place] as FileStream;
    let at = place;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= streams.length) break;
      if (
        child + 1 < streams.length &&
        isBefore(streams[child + 1] as FileStream, streams[child] as FileStream)
      )
        child += 1;
      if (!isBefore(streams[child] as FileStream, sinking)) break;
      streams[at] = streams[child] as FileStream;
      at = child;
    }
    streams[at] = sinking;
  }
}

/** At equal times the earlier stream goes first. */
const isBefore = (one: FileStream, other: FileStream): boolean =>
  one.nextMs < other.nextMs || (one.nextMs === other.nextMs && one.order < other.order);
