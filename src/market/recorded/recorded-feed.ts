/** Recorded files as a feed that resumes where the last run ended. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { MarketBar, MarketFeed, QuoteEvent } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { type BarPath, barQuotes, bidBelow, quotesOfSides } from '../../venue/bar-path.js';
import { BarBuilder, midTicks } from '../bar-builder.js';
import type { MarketPositionStore } from '../position.js';
import { ReplayFeed, type TimedEvent, type TimedSource } from '../replay-feed.js';
import {
  assignInstruments,
  checkRecording,
  filesByInstrument,
  type RecordingRequest,
} from './check-recording.js';
import { openRecording, type RecordedFile, type SidedFile } from './recorded-file.js';
import {
  type BarRow,
  type BidAskBarRow,
  type BookRow,
  type FourPrices,
  isOfBars,
  type QuoteRow,
  type RecordedRow,
  type TradeRow,
} from './row-parser.js';

const LENGTH = 16;

interface IdentifiedFile extends SidedFile {
  readonly instrument: Pick<Instrument, 'symbol'>;
}

interface RecordedFeedOptions {
  readonly files: readonly RecordingRequest[];
  readonly instruments: readonly Instrument[];
  /** By instrument id, for bars and trades. */
  readonly spreadTicks: readonly number[];
  /** Null: as fast as possible. */
  readonly speed: number | null;
  readonly position: MarketPositionStore;
  readonly steadyMs: () => number;
  readonly shape?: RowShape;
}

/** Throws `DataFileError` if a file can't be used; nothing stays open then. */
export async function openRecordedFeed(options: RecordedFeedOptions): Promise<MarketFeed> {
  const { instruments, speed, position, steadyMs } = options;
  const endMs = await checkRecording(options.files, instruments);
  const inputs = assignInstruments(options.files, instruments).map((one) => ({
    ...one,
    spreadTicks: options.spreadTicks[one.instrument.id] ?? 1,
    ...(options.shape === undefined ? {} : { shape: options.shape }),
  }));
  const identity = await recordingIdentity(inputs);
  const { beginMs = null } = position;
  const deliveredMs = beginMs ?? position.load(identity) ?? 0;
  const events = await RecordedSource.open(inputs, deliveredMs, beginMs !== null);
  const names = inputs.map(({ file }) => basename(file));
  const pace = speed === null ? 'as fast as it goes' : `${speed}x`;
  return new ReplayFeed({
    events,
    source: {
      kind: 'recorded',
      identity,
      label: `recorded: ${names.join(', ')}, ${pace}`,
      simulated: true,
      speed,
      seed: null,
      venue: null,
      files: inputs.map(({ file }) => file),
    },
    startMs: await startOf(events, deliveredMs),
    endMs,
    quotesFromBars: events.quotesFromBars,
    showsBooks: events.showsBooks,
    withOwnSpread: events.withOwnSpread,
    history: (instrument, count, nowMs) => events.bars(instrument, count, nowMs),
    savePosition: (marketMs) => position.save(identity, marketMs),
    endedDetail: names.join(', '),
    steadyMs,
  });
}

/** Where the last run stopped, or just before the first event. */
async function startOf(events: RecordedSource, deliveredMs: number): Promise<number> {
  if (deliveredMs > 0) return deliveredMs;
  if (events.peek() === null) await events.fill();
  return (events.peek()?.marketMs ?? 1) - 1;
}

/** Identifies a recording by its content: a moved file is the same recording, a changed one is another. */
async function recordingIdentity(files: readonly IdentifiedFile[]): Promise<string> {
  const whole = createHash('sha256');
  for (const { file, instrument, side } of files) {
    const content = createHash('sha256');
    await pipeline(createReadStream(file), content);
    const of = side === undefined ? instrument.symbol : `${instrument.symbol}:${side}`;
    whole.update(`${of} ${content.digest('hex')}\n`);
  }
  return `recorded-${whole.digest('hex').slice(0, LENGTH)}`;
}

/** Bars kept for the warm-up of strategies after a restart. */
const HISTORY_BARS_MAX = 50_000;

const BAR_PRICES = 4;

interface RecordedInput extends SidedFile {
  readonly instrument: Instrument;
  readonly spreadTicks: number;
  readonly shape?: RowShape;
}

interface FileStream {
  /** Its place among the streams. */
  readonly order: number;
  readonly instrument: InstrumentId;
  readonly rows: RecordedFile;
  readonly events: RowEvents;
  ready: TimedEvent[];
  /** For each of these, the time of the row it comes from. */
  rowMs: number[];
  index: number;
  ended: boolean;
}

/** Several recorded files as one stream in time order; at equal times in the order of their instruments. */
export class RecordedSource implements TimedSource {
  readonly #history = new Map<InstrumentId, PastBars>();
  /** A binary heap: the stream with the next event comes first. Each has an event ready. */
  readonly #upcoming: FileStream[] = [];
  readonly #bar: QuoteEvent[] = [];
  /** A stream has nothing ready: its next event might be the earliest. */
  #isDry = true;

  private constructor(private readonly streams: readonly FileStream[]) {}

  /**
   * Opens all files and skips what was delivered before. Throws `DataFileError`; no file stays open then. `begins`: at
   * that time a run begins with the bars that open then, and the last prices of those before are skipped too.
   */
  static async open(
    inputs: readonly RecordedInput[],
    deliveredMs: number,
    begins = false,
  ): Promise<RecordedSource> {
    const streams: FileStream[] = [];
    const source = new RecordedSource(streams);
    try {
      for (const { files, instrument, first } of filesByInstrument(inputs)) {
        const rows = await openRecording(files, instrument);
        const events = new RowEvents(instrument.id, rows.spanMs, first.spreadTicks, first.shape);
        const place = { order: streams.length, instrument: instrument.id };
        streams.push({ ...place, rows, events, ready: [], rowMs: [], index: 0, ended: false });
      }
      for (const stream of streams) await source.#passOver(stream, deliveredMs, begins);
      return source;
    } catch (error) {
      await source.close();
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
    const [stream] = this.#upcoming;
    return this.#isDry || stream === undefined ? null : (stream.ready[stream.index] ?? null);
  }

  head(place: number): TimedEvent | null {
    const stream = this.#upcoming[place];
    return stream === undefined ? null : (stream.ready[stream.index] ?? null);
  }

  wholeBar(): readonly QuoteEvent[] | null {
    const [stream] = this.#upcoming;
    if (this.#isDry || stream === undefined || this.#upcoming.length > 1) return null;
    const { ready, index } = stream;
    for (let place = 0; place < BAR_PRICES; place += 1) {
      const event = ready[index + place];
      if (event?.kind !== 'quote' || (event.wayFromMs === undefined) !== (place === 0)) return null;
      this.#bar[place] = event;
    }
    return this.#bar;
  }

  shift(): void {
    const [stream] = this.#upcoming;
    const event = this.peek();
    if (stream === undefined || event === null) return;
    stream.index += 1;
    if (stream.index < stream.ready.length) this.#sink(0);
    else this.#isDry = true;
    if (event.kind === 'bar') this.#remember(event.bar);
  }

  async fill(): Promise<boolean> {
    for (const stream of this.streams) if (stream.index >= stream.ready.length) await fillStream(stream);
    this.#isDry = false;
    this.#upcoming.length = 0;
    for (const stream of this.streams) if (stream.index < stream.ready.length) this.#upcoming.push(stream);
    for (let place = (this.#upcoming.length >> 1) - 1; place >= 0; place -= 1) this.#sink(place);
    return this.#upcoming.length > 0;
  }

  async close(): Promise<void> {
    await Promise.all(this.streams.map(({ rows }) => rows.close()));
  }

  /** Bars that the stream has passed, oldest first. */
  bars(instrument: InstrumentId, count: number, nowMs: number): readonly MarketBar[] {
    return this.#history.get(instrument)?.newest(count, nowMs) ?? [];
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

  async #passOver(stream: FileStream, untilMs: number, begins: boolean): Promise<void> {
    for (;;) {
      if (stream.index >= stream.ready.length) await fillStream(stream);
      const event = stream.ready[stream.index];
      if (event === undefined || event.marketMs > untilMs) return;
      const isFirst = event.marketMs === untilMs && stream.rowMs[stream.index] === untilMs;
      if (begins && isFirst && event.kind === 'quote' && isOfBars(stream.rows.format)) return;
      stream.index += 1;
      if (event.kind === 'bar') this.#remember(event.bar);
    }
  }

  #remember(bar: MarketBar): void {
    let bars = this.#history.get(bar.instrument);
    if (bars === undefined) {
      bars = new PastBars(bar.instrument);
      this.#history.set(bar.instrument, bars);
    }
    bars.add(bar);
  }
}

/** Numbers stored for each bar. */
const BAR_NUMBERS = 7;
/** Initial capacity in bars; a short recording needs no more. */
const BARS_FIRST = 1024;

/** The newest bars of one instrument, as numbers: the garbage collector would have to move each object. */
class PastBars {
  #numbers = new Float64Array(BARS_FIRST * BAR_NUMBERS);
  /** Bars added so far; the place of a bar is its number modulo the capacity. */
  #added = 0;

  constructor(private readonly instrument: InstrumentId) {}

  add({ openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots }: MarketBar): void {
    const room = this.#numbers.length / BAR_NUMBERS;
    if (this.#added === room && room < HISTORY_BARS_MAX) this.#grow(Math.min(2 * room, HISTORY_BARS_MAX));
    const at = (this.#added * BAR_NUMBERS) % this.#numbers.length;
    const numbers = this.#numbers;
    numbers[at] = openMs;
    numbers[at + 1] = spanMs;
    numbers[at + 2] = openTicks;
    numbers[at + 3] = highTicks;
    numbers[at + 4] = lowTicks;
    numbers[at + 5] = closeTicks;
    numbers[at + 6] = volumeLots;
    this.#added += 1;
  }

  /** At most `count` bars that had ended by `nowMs`, oldest first. */
  newest(count: number, nowMs: number): readonly MarketBar[] {
    const bars: MarketBar[] = [];
    const oldest = Math.max(0, this.#added - this.#numbers.length / BAR_NUMBERS);
    for (let number = this.#added - 1; number >= oldest && bars.length < count; number -= 1) {
      const bar = this.#bar(number);
      if (bar.openMs + bar.spanMs <= nowMs) bars.push(bar);
    }
    return bars.reverse();
  }

  #grow(room: number): void {
    const numbers = new Float64Array(room * BAR_NUMBERS);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }

  #bar(number: number): MarketBar {
    const at = (number * BAR_NUMBERS) % this.#numbers.length;
    const of = (place: number): number => this.#numbers[at + place] as number;
    return {
      ...{ instrument: this.instrument, openMs: of(0), spanMs: of(1) },
      ...{ openTicks: of(2), highTicks: of(3), lowTicks: of(4), closeTicks: of(5), volumeLots: of(6) },
    };
  }
}

/** At equal times the earlier stream goes first. */
function isBefore(one: FileStream, other: FileStream): boolean {
  const atMs = one.ready[one.index]?.marketMs ?? 0;
  const otherMs = other.ready[other.index]?.marketMs ?? 0;
  return atMs < otherMs || (atMs === otherMs && one.order < other.order);
}

async function fillStream(stream: FileStream): Promise<void> {
  stream.ready = [];
  stream.rowMs = [];
  stream.index = 0;
  while (!stream.ended && stream.ready.length === 0) {
    const rows = await stream.rows.next();
    if (rows === null) {
      stream.ended = true;
      stream.events.finish(stream.ready);
    } else {
      for (const row of rows) {
        stream.events.add(row, stream.ready);
        while (stream.rowMs.length < stream.ready.length) stream.rowMs.push(row.tsMs);
      }
    }
  }
}

/** How rows become prices. By default the nearer extreme of a bar comes first, and sizes are not derived. */
interface RowShape {
  readonly path: BarPath;
  /** Quotes around bars and trades get the traded size. */
  readonly withVolume: boolean;
}

const PLAIN: RowShape = { path: 'nearer', withVolume: false };

/** Turns recorded rows into market events: quotes, trades and bars, in time order. */
class RowEvents {
  readonly #builder: BarBuilder;

  /** `spanMs`: length of the file's bars. Shorter ones are merged into minutes, longer ones stay as they are. */
  constructor(
    private readonly instrument: InstrumentId,
    private readonly spanMs: number,
    private readonly spreadTicks: number,
    private readonly shape: RowShape = PLAIN,
  ) {
    this.#builder = new BarBuilder(instrument);
  }

  /** Appends the row's events to `into`, preceded by a bar that has finished. */
  add(row: RecordedRow, into: TimedEvent[]): void {
    this.#closeBar(row.tsMs, into);
    if (row.format === 'bars') this.#addBar(row, into);
    else if (row.format === 'bidAskBars') this.#addBidAskBar(row, into);
    else if (row.format === 'books') this.#addBook(row, into);
    else if (row.format === 'quotes') this.#addQuote(row, into);
    else this.#addTrade(row, into);
  }

  /** Appends the last bar when no row follows. */
  finish(into: TimedEvent[]): void {
    this.#closeBar(Number.POSITIVE_INFINITY, into);
  }

  #addBar(
    { tsMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots }: BarRow,
    into: TimedEvent[],
  ): void {
    const bar = this.#bar(tsMs, { openTicks, highTicks, lowTicks, closeTicks }, volumeLots);
    into.push(...barQuotes(bar, this.spreadTicks, this.shape.path, this.shape.withVolume));
    this.#ends(bar, into);
  }

  /** Strategies see the bar of the mid, as of quotes. */
  #addBidAskBar({ tsMs, bid, ask, volumeLots }: BidAskBarRow, into: TimedEvent[]): void {
    const mid = {
      openTicks: midTicks(bid.openTicks, ask.openTicks),
      highTicks: midTicks(bid.highTicks, ask.highTicks),
      lowTicks: midTicks(bid.lowTicks, ask.lowTicks),
      closeTicks: midTicks(bid.closeTicks, ask.closeTicks),
    };
    const bar = this.#bar(tsMs, mid, volumeLots);
    into.push(...quotesOfSides(bar, { bid, ask }, this.shape.path, this.shape.withVolume));
    this.#ends(bar, into);
  }

  #bar(openMs: number, prices: FourPrices, volumeLots: number): MarketBar {
    return { instrument: this.instrument, openMs, spanMs: this.spanMs, ...prices, volumeLots };
  }

  /** After the bar's prices. */
  #ends(bar: MarketBar, into: TimedEvent[]): void {
    const { openMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots, spanMs } = bar;
    if (spanMs >= MINUTE_MS) {
      into.push({ kind: 'bar', marketMs: openMs + spanMs, bar });
      return;
    }
    this.#builder.add(openMs, openTicks, volumeLots);
    for (const price of [highTicks, lowTicks, closeTicks]) this.#builder.add(openMs, price, 0);
  }

  #addQuote(row: QuoteRow, into: TimedEvent[]): void {
    const { tsMs: marketMs, bidTicks, askTicks, bidLots, askLots } = row;
    this.#builder.add(marketMs, midTicks(bidTicks, askTicks), Number.NaN);
    into.push({ kind: 'quote', instrument: this.instrument, marketMs, bidTicks, askTicks, bidLots, askLots });
  }

  #addBook({ tsMs: marketMs, bids, asks }: BookRow, into: TimedEvent[]): void {
    const [bid, ask] = [bids[0], asks[0]];
    if (bid === undefined || ask === undefined) return;
    const [bidTicks, askTicks] = [bid.priceTicks, ask.priceTicks];
    this.#builder.add(marketMs, midTicks(bidTicks, askTicks), Number.NaN);
    const sizes = { bidLots: bid.lots, askLots: ask.lots };
    const book = { bids, asks };
    into.push({ kind: 'quote', instrument: this.instrument, marketMs, bidTicks, askTicks, ...sizes, book });
  }

  /** A trade shows where the market is, so a quote with the desk file's spread is put around it. */
  #addTrade(row: TradeRow, into: TimedEvent[]): void {
    const { tsMs: marketMs, priceTicks, quantityLots, taker } = row;
    const { instrument } = this;
    this.#builder.add(marketMs, priceTicks, quantityLots);
    const bidTicks = bidBelow(priceTicks, this.spreadTicks);
    const askTicks = bidTicks + this.spreadTicks;
    into.push({ kind: 'trade', instrument, marketMs, priceTicks, quantityLots, taker });
    const lots = this.shape.withVolume ? quantityLots : 0;
    into.push({ kind: 'quote', instrument, marketMs, bidTicks, askTicks, bidLots: lots, askLots: lots });
  }

  #closeBar(untilMs: number, into: TimedEvent[]): void {
    const bar = this.#builder.closeUntil(untilMs);
    if (bar) into.push({ kind: 'bar', marketMs: bar.openMs + bar.spanMs, bar });
  }
}
