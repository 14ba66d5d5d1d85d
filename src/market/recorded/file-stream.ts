/** The events of one instrument's recorded files, one after the other. */
import type { MarketBar, QuoteEvent } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { InstrumentId } from '../../domain/instrument.js';
import type { QuoteColumns } from '../../domain/quote-columns.js';
import {
  type BarPath,
  barQuotes,
  bidBelow,
  isHighFirst,
  pathTime,
  quarterOf,
  quotesOfSides,
} from '../../venue/bar-path.js';
import { BarBuilder, midTicks } from '../bar-builder.js';
import type { TimedEvent } from '../replay-feed.js';
import type { RecordedFile } from './recorded-file.js';
import { isOfBars } from './row-layout.js';
import {
  BarColumns,
  type BarRow,
  type BidAskBarRow,
  type BookRow,
  type FourPrices,
  type QuoteRow,
  type RecordedRow,
  type TradeRow,
} from './row-parser.js';

/** `nextMs` of a stream that must be filled, or has ended. */
export const NOTHING_READY = Number.POSITIVE_INFINITY;

interface StreamPlace {
  /** Its place among the streams. */
  readonly order: number;
  readonly instrument: InstrumentId;
  readonly rows: Pick<RecordedFile, 'format' | 'spanMs' | 'next' | 'close'>;
}

/** How rows become prices. By default the nearer extreme of a bar comes first, and sizes are not derived. */
export interface RowShape {
  readonly path: BarPath;
  /** Quotes around bars and trades get the traded size. */
  readonly withVolume: boolean;
}

export const PLAIN: RowShape = { path: 'nearer', withVolume: false };

/** The events of one instrument. Those that were looked at may wait to be taken by `shift`. */
export abstract class FileStream {
  readonly order: number;
  readonly instrument: InstrumentId;
  readonly rows: StreamPlace['rows'];
  readonly past: PastBars;
  /** Time of the next event that was not looked at. */
  nextMs = NOTHING_READY;

  constructor({ order, instrument, rows }: StreamPlace) {
    this.order = order;
    this.instrument = instrument;
    this.rows = rows;
    this.past = new PastBars(instrument);
  }

  /** The first event that was not taken. Null: it must be filled, or has ended. */
  abstract get event(): TimedEvent | null;
  /** Where the way to that event begins, if it is a price inside a bar; otherwise no number. */
  abstract get wayFromMs(): number;
  /** The same for the next event that was not looked at. */
  abstract get nextWayFromMs(): number;
  /** Time of the row of the next event that was not looked at. */
  protected abstract get rowMs(): number;
  protected abstract get isQuoteNext(): boolean;
  /** Looks at the next event. */
  abstract look(): void;
  /** Looks at the next event if it is a quote without a book, or a bar and `withBars`, and adds it. */
  abstract lookAhead(columns: QuoteColumns, withBars: boolean): boolean;
  /** Adds the next event, a price inside a bar, without looking at it. */
  abstract showBeyond(columns: QuoteColumns): void;
  /** Takes the first event. It was looked at. */
  abstract shift(): void;
  /** Nothing is left that was not taken. */
  abstract fill(): Promise<void>;

  async passOver(untilMs: number, begins: boolean): Promise<void> {
    for (;;) {
      if (this.nextMs === NOTHING_READY) await this.fill();
      if (this.nextMs === NOTHING_READY || this.nextMs > untilMs) return;
      const isFirst = this.nextMs === untilMs && this.rowMs === untilMs;
      if (begins && isFirst && this.isQuoteNext && isOfBars(this.rows.format)) return;
      this.look();
      this.shift();
    }
  }
}

/** Of a bar. */
const PRICES = 4;

/** Bars of a minute or more: each is four quotes, and then itself. They stay numbers until one of them is asked for. */
export class BarStream extends FileStream {
  #columns = new BarColumns(0);
  /** What was looked at and what was taken: the bar, and which of its four prices, or 4 for the bar itself. */
  #seenRow = 0;
  #seenPoint = 0;
  #takenRow = 0;
  #takenPoint = 0;
  /** The bids of the bar that is looked at. */
  readonly #bids = new Float64Array(PRICES);
  #lots = 0;
  #wayFromMs = Number.NaN;
  /** The quotes of the bar to be taken. Empty: none was asked for. */
  #quotes: readonly QuoteEvent[] = [];
  #barEvent: TimedEvent | null = null;

  constructor(
    place: StreamPlace,
    private readonly spreadTicks: number,
    private readonly shape: RowShape,
  ) {
    super(place);
  }

  get event(): TimedEvent | null {
    const { path, withVolume } = this.shape;
    if (this.#takenRow >= this.#columns.length) return null;
    if (this.#takenPoint === PRICES) {
      this.#barEvent ??= this.#endOf(this.#bar(this.#takenRow));
      return this.#barEvent;
    }
    if (this.#quotes.length === 0)
      this.#quotes = barQuotes(this.#bar(this.#takenRow), this.spreadTicks, path, withVolume);
    return this.#quotes[this.#takenPoint] as QuoteEvent;
  }

  get wayFromMs(): number {
    const point = this.#takenPoint;
    if (point === 0 || point === PRICES) return Number.NaN;
    return pathTime(this.#columns.tsMs[this.#takenRow] as number, this.rows.spanMs, point - 1);
  }

  get nextWayFromMs(): number {
    return this.#seenPoint === PRICES ? Number.NaN : this.#wayFromMs;
  }

  #endOf(bar: MarketBar): TimedEvent {
    return { kind: 'bar', marketMs: bar.openMs + bar.spanMs, bar };
  }

  #bar(at: number): MarketBar {
    const { openTicks, highTicks, lowTicks, closeTicks, tsMs, volumeLots } = this.#columns;
    return {
      instrument: this.instrument,
      openMs: tsMs[at] as number,
      spanMs: this.rows.spanMs,
      openTicks: openTicks[at] as number,
      highTicks: highTicks[at] as number,
      lowTicks: lowTicks[at] as number,
      closeTicks: closeTicks[at] as number,
      volumeLots: volumeLots[at] as number,
    };
  }

  protected get rowMs(): number {
    return this.#columns.tsMs[this.#seenRow] as number;
  }

  protected get isQuoteNext(): boolean {
    return this.#seenPoint < PRICES;
  }

  look(): void {
    const { spanMs } = this.rows;
    this.#wayFromMs = this.nextMs;
    this.#seenPoint += 1;
    if (this.#seenPoint > PRICES) this.#lookAtRow(this.#seenRow + 1);
    else if (this.#seenPoint === PRICES) this.nextMs = this.rowMs + spanMs;
    else this.nextMs = pathTime(this.rowMs, spanMs, this.#seenPoint);
  }

  #lookAtRow(row: number): void {
    const { length, openTicks, highTicks, lowTicks, closeTicks, tsMs, volumeLots } = this.#columns;
    this.#seenRow = row;
    this.#seenPoint = 0;
    this.#wayFromMs = Number.NaN;
    this.nextMs = NOTHING_READY;
    if (row >= length) return;
    const [open, high, low] = [openTicks[row] as number, highTicks[row] as number, lowTicks[row] as number];
    const isHighNext = isHighFirst(open, high, low, this.shape.path);
    const { spreadTicks } = this;
    this.#bids[0] = bidBelow(open, spreadTicks);
    this.#bids[1] = bidBelow(isHighNext ? high : low, spreadTicks);
    this.#bids[2] = bidBelow(isHighNext ? low : high, spreadTicks);
    this.#bids[3] = bidBelow(closeTicks[row] as number, spreadTicks);
    this.#lots = this.shape.withVolume ? quarterOf(volumeLots[row] as number) : 0;
    this.nextMs = tsMs[row] as number;
  }

  lookAhead(columns: QuoteColumns, withBars: boolean): boolean {
    if (this.#seenPoint < PRICES) this.#add(columns, false);
    else if (withBars) columns.addBar(this.#bar(this.#seenRow));
    else return false;
    this.look();
    return true;
  }

  showBeyond(columns: QuoteColumns): void {
    this.#add(columns, true);
  }

  #add(columns: QuoteColumns, beyond: boolean): void {
    const bid = this.#bids[this.#seenPoint] as number;
    const lots = this.#lots;
    columns.add(
      this.instrument,
      this.nextMs,
      bid,
      bid + this.spreadTicks,
      lots,
      lots,
      this.#wayFromMs,
      beyond,
    );
  }

  shift(): void {
    this.#takenPoint += 1;
    if (this.#takenPoint <= PRICES) return;
    const { openTicks, highTicks, lowTicks, closeTicks, tsMs, volumeLots } = this.#columns;
    const at = this.#takenRow;
    this.past.add(
      tsMs[at] as number,
      this.rows.spanMs,
      openTicks[at] as number,
      highTicks[at] as number,
      lowTicks[at] as number,
      closeTicks[at] as number,
      volumeLots[at] as number,
    );
    this.#takenPoint = 0;
    this.#takenRow += 1;
    if (this.#quotes.length > 0) this.#quotes = NO_QUOTES;
    this.#barEvent = null;
  }

  async fill(): Promise<void> {
    this.#columns = NO_BARS;
    this.#takenRow = 0;
    for (let rows = await this.rows.next(); rows !== null; rows = await this.rows.next()) {
      this.#columns = rows as BarColumns;
      if (rows.length > 0) break;
    }
    this.#lookAtRow(0);
  }
}

const NO_BARS = new BarColumns(0);
const NO_QUOTES: readonly QuoteEvent[] = [];

/** Rows of any other kind, as events. */
export class RowStream extends FileStream {
  readonly #events: RowEvents;
  #ready: TimedEvent[] = [];
  /** For each of these, the time of the row it comes from. */
  #rowMs: number[] = [];
  #seen = 0;
  #taken = 0;
  #ended = false;

  constructor(place: StreamPlace, spreadTicks: number, shape: RowShape) {
    super(place);
    this.#events = new RowEvents(place.instrument, place.rows.spanMs, spreadTicks, shape);
  }

  get event(): TimedEvent | null {
    return this.#ready[this.#taken] ?? null;
  }

  get wayFromMs(): number {
    return wayFromOf(this.#ready[this.#taken]);
  }

  get nextWayFromMs(): number {
    return wayFromOf(this.#ready[this.#seen]);
  }

  protected get rowMs(): number {
    return this.#rowMs[this.#seen] as number;
  }

  protected get isQuoteNext(): boolean {
    return this.#ready[this.#seen]?.kind === 'quote';
  }

  look(): void {
    this.#seen += 1;
    this.nextMs = this.#ready[this.#seen]?.marketMs ?? NOTHING_READY;
  }

  lookAhead(columns: QuoteColumns, withBars: boolean): boolean {
    const event = this.#ready[this.#seen];
    if (event?.kind === 'bar' && withBars) columns.addBar(event.bar);
    else if (event?.kind === 'quote' && event.book === undefined) this.#add(columns, event, false);
    else return false;
    this.look();
    return true;
  }

  showBeyond(columns: QuoteColumns): void {
    this.#add(columns, this.#ready[this.#seen] as QuoteEvent, true);
  }

  #add(
    columns: QuoteColumns,
    { marketMs, bidTicks, askTicks, bidLots, askLots, wayFromMs }: QuoteEvent,
    beyond: boolean,
  ): void {
    columns.add(this.instrument, marketMs, bidTicks, askTicks, bidLots, askLots, wayFromMs, beyond);
  }

  shift(): void {
    const event = this.#ready[this.#taken];
    this.#taken += 1;
    if (event?.kind !== 'bar') return;
    const { openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = event.bar;
    this.past.add(openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots);
  }

  async fill(): Promise<void> {
    this.#ready = [];
    this.#rowMs = [];
    this.#seen = 0;
    this.#taken = 0;
    while (!this.#ended && this.#ready.length === 0) {
      const rows = await this.rows.next();
      if (rows === null) {
        this.#ended = true;
        this.#events.finish(this.#ready);
      } else {
        for (let place = 0; place < rows.length; place += 1) {
          const row = rows.rowAt(place);
          this.#events.add(row, this.#ready);
          while (this.#rowMs.length < this.#ready.length) this.#rowMs.push(row.tsMs);
        }
      }
    }
    this.nextMs = this.#ready[0]?.marketMs ?? NOTHING_READY;
  }
}

const wayFromOf = (event: TimedEvent | undefined): number =>
  event?.kind === 'quote' ? (event.wayFromMs ?? Number.NaN) : Number.NaN;

/** Bars kept for the warm-up of strategies after a restart. */
const HISTORY_BARS_MAX = 50_000;
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

  add(
    openMs: number,
    spanMs: number,
    openTicks: number,
    highTicks: number,
    lowTicks: number,
    closeTicks: number,
    volumeLots: number,
  ): void {
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

/** Turns recorded rows into market events: quotes, trades and bars, in time order. */
class RowEvents {
  readonly #builder: BarBuilder;

  /** `spanMs`: length of the file's bars. Shorter ones are merged into minutes, longer ones stay as they are. */
  constructor(
    private readonly instrument: InstrumentId,
    private readonly spanMs: number,
    private readonly spreadTicks: number,
    private readonly shape: RowShape,
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
