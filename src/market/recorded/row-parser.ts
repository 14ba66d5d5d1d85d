/**
 * Parses and checks the rows of a recorded file. Prices are returned in ticks, sizes in lots. No CSV library:
 * the formats have no quoted cells, and prices go from digits to integers without a float in between.
 */
import type { BookLevel, BookLevels } from '../../contracts/market-feed.js';
import type { Instrument } from '../../domain/instrument.js';
import { DecimalGrid } from '../decimal-grid.js';
import { DataFileError, REPAIR, shown } from './data-file-error.js';
import { CLOCKS, CLOCKS_FORWARD, type Clock, serverClock } from './row-clocks.js';
import { HEADERS, isOfBars, type Layout, type RecordedFormat } from './row-layout.js';

export interface FourPrices {
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
}

export interface BarRow extends FourPrices {
  readonly format: 'bars';
  readonly tsMs: number;
  /** NaN: it was not recorded. */
  readonly volumeLots: number;
}
export interface BidAskBarRow {
  readonly format: 'bidAskBars';
  readonly tsMs: number;
  readonly bid: FourPrices;
  readonly ask: FourPrices;
  /** NaN: it was not recorded. */
  readonly volumeLots: number;
}
export interface QuoteRow {
  readonly format: 'quotes';
  readonly tsMs: number;
  readonly bidTicks: number;
  readonly askTicks: number;
  readonly bidLots: number;
  readonly askLots: number;
}
export interface TradeRow {
  readonly format: 'trades';
  readonly tsMs: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly taker: 'buy' | 'sell' | null;
}
export interface BookRow extends BookLevels {
  readonly format: 'books';
  readonly tsMs: number;
}
export type RecordedRow = BarRow | BidAskBarRow | QuoteRow | TradeRow | BookRow;

/** Some rows of a recording, in order. */
export interface RecordedRows {
  readonly length: number;
  tsMsAt(place: number): number;
  rowAt(place: number): RecordedRow;
}

export class ListedRows implements RecordedRows {
  constructor(private readonly rows: readonly RecordedRow[]) {}

  get length(): number {
    return this.rows.length;
  }

  tsMsAt(place: number): number {
    return this.rowAt(place).tsMs;
  }

  rowAt(place: number): RecordedRow {
    return this.rows[place] as RecordedRow;
  }
}

/** Bars as numbers, from the file to whoever trades on them: there are millions. */
export class BarColumns implements RecordedRows {
  length = 0;
  tsMs: Float64Array;
  openTicks: Float64Array;
  highTicks: Float64Array;
  lowTicks: Float64Array;
  closeTicks: Float64Array;
  volumeLots: Float64Array;

  /** There is room for any number; `room`: without growing. */
  constructor(room: number) {
    this.tsMs = new Float64Array(room);
    this.openTicks = new Float64Array(room);
    this.highTicks = new Float64Array(room);
    this.lowTicks = new Float64Array(room);
    this.closeTicks = new Float64Array(room);
    this.volumeLots = new Float64Array(room);
  }

  tsMsAt(place: number): number {
    return this.tsMs[place] as number;
  }

  rowAt(place: number): BarRow {
    return {
      format: 'bars',
      tsMs: this.tsMs[place] as number,
      openTicks: this.openTicks[place] as number,
      highTicks: this.highTicks[place] as number,
      lowTicks: this.lowTicks[place] as number,
      closeTicks: this.closeTicks[place] as number,
      volumeLots: this.volumeLots[place] as number,
    };
  }

  add(
    tsMs: number,
    openTicks: number,
    highTicks: number,
    lowTicks: number,
    closeTicks: number,
    volumeLots: number,
  ): void {
    const place = this.length;
    if (place === this.tsMs.length) this.#grow(2 * place + 1);
    this.tsMs[place] = tsMs;
    this.openTicks[place] = openTicks;
    this.highTicks[place] = highTicks;
    this.lowTicks[place] = lowTicks;
    this.closeTicks[place] = closeTicks;
    this.volumeLots[place] = volumeLots;
    this.length = place + 1;
  }

  #grow(room: number): void {
    const grown = (column: Float64Array): Float64Array => {
      const larger = new Float64Array(room);
      larger.set(column);
      return larger;
    };
    this.tsMs = grown(this.tsMs);
    this.openTicks = grown(this.openTicks);
    this.highTicks = grown(this.highTicks);
    this.lowTicks = grown(this.lowTicks);
    this.closeTicks = grown(this.closeTicks);
    this.volumeLots = grown(this.volumeLots);
  }
}

/** In which steps prices and sizes are counted, and by which clock the broker's exports are. */
export type Counted = Pick<Instrument, 'symbol' | 'tickSize' | 'lotSize' | 'serverTime'>;

/** A program that writes one row this way writes them all this way: removing one would not help. */
const COMMAS = 'Separate the fields of each row by commas; nothing was traded on it.';
const PLAIN =
  'Write numbers such as 61250.5, without exponent, space, quote or sign; nothing was traded on it.';
/** 2286-11-20: a larger number is not in milliseconds. */
const TS_MAX = 9_999_999_999_999;
const TS_DIGITS_MAX = 13;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const COMMA = 44;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DECIMAL = /^-?\d+(\.\d+)?$/;

export class RowParser {
  readonly #prices: DecimalGrid;
  readonly #sizes: DecimalGrid;
  readonly #columns: readonly string[];
  readonly #format: RecordedFormat;
  /** Which column is what. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #separator: string;
  readonly #clock: Clock;
  /** The columns that tell the time. */
  readonly #timeFields: readonly string[];
  readonly #isPlain: boolean;
  /** What has not changed since the row above is left empty. */
  readonly #isOfChanges: boolean;
  readonly #lastPrices = { bid: '', ask: '' };
  #row = 1;
  #firstTsMs: number | null = null;
  #lastTsMs = 0;
  #fields: readonly string[] = [];
  /** Length of the bars, which all begin a whole number of them after the first. 0: not known, or there are none. */
  spanMs = 0;

  constructor(
    private readonly file: string,
    { format, columns, fields, separator = ',' }: Layout,
    private readonly instrument: Counted,
  ) {
    this.#prices = new DecimalGrid(instrument.tickSize);
    this.#sizes = new DecimalGrid(instrument.lotSize);
    this.#format = format;
    this.#columns = columns;
    this.#places = new Map(fields.map((field, at) => [field, at]));
    this.#separator = separator;
    this.#isOfChanges = format === 'quotes' && fields.includes('date');
    if (fields.includes('date')) {
      this.#timeFields = fields.includes('time') ? ['date', 'time'] : ['date'];
      this.#clock = serverClock(file, instrument);
    } else {
      const clock = fields.includes('gmt') ? 'gmt' : fields.includes('us') ? 'us' : 'ts';
      this.#timeFields = [clock];
      this.#clock = CLOCKS[clock];
    }
    this.#isPlain = fields.join() === HEADERS.bars.join();
  }

  /** The last row that was read, the header being row 1. */
  get row(): number {
    return this.#row;
  }

  /**
   * Reads rows from `from` on until `end`, `most` at most; each ends with its line. Returns where the next one begins.
   * Throws `DataFileError`.
   */
  readBars(bytes: Buffer, from: number, end: number, into: BarColumns, most: number): number {
    let at = from;
    for (let left = most; at < end && left > 0; left -= 1) {
      this.#row += 1;
      const before = this.#lastTsMs;
      const next = this.#isPlain ? this.#plainBar(bytes, at, end, into) : -1;
      if (next === -1) {
        const lineEnd = lineEndOf(bytes, at, end);
        const { tsMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = this.#parse(
          bytes.toString('utf8', at, lineEnd),
        ) as BarRow;
        into.add(tsMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots);
        at = lineEnd + 1;
      } else at = next;
      if (this.#lastTsMs !== before + this.spanMs) this.#checkGrid();
    }
    return at;
  }

  /** The same of rows of any format. */
  readRows(bytes: Buffer, from: number, end: number, into: RecordedRow[], most: number): number {
    let at = from;
    for (let left = most; at < end && left > 0; left -= 1) {
      this.#row += 1;
      const lineEnd = lineEndOf(bytes, at, end);
      const row = this.#parse(bytes.toString('utf8', at, lineEnd));
      if (row !== null) into.push(row);
      this.#checkGrid();
      at = lineEnd + 1;
    }
    return at;
  }

  #checkGrid(): void {
    const tsMs = this.clockMs(this.#lastTsMs);
    this.#firstTsMs ??= tsMs;
    if (this.spanMs > 0 && (tsMs - this.#firstTsMs) % this.spanMs !== 0)
      this.refuse(
        this.#name(this.#timeFields[0] as string),
        `a whole number of bars of ${this.spanMs} ms after the first row`,
        this.#timeFields[0] === 'ts' ? `"${tsMs}"` : shown(this.#timeText()),
      );
  }

  /** What the clock of the file's times shows, as milliseconds since 1970: days begin by it, and bars. */
  clockMs(utcMs: number): number {
    return this.#clock.shows(utcMs);
  }

  /** Null: the row says nothing yet. */
  #parse(line: string): RecordedRow | null {
    this.#fields = (line.endsWith('\r') ? line.slice(0, -1) : line).split(this.#separator);
    if (this.#fields.length !== this.#columns.length) {
      this.refuse(
        null,
        `${this.#columns.length} columns (${this.#columns.join(this.#separator)})`,
        `${this.#fields.length}: ${shown(line)}`,
        this.#separator === ',' && /[;\t|]/.test(line) ? COMMAS : REPAIR,
      );
    }
    const tsMs = this.#time();
    switch (this.#format) {
      case 'bars':
        return this.#bar(tsMs);
      case 'bidAskBars':
        return this.#bidAskBar(tsMs);
      case 'quotes':
        return this.#quote(tsMs);
      case 'trades':
        return this.#trade(tsMs);
      case 'books':
        return { format: 'books', tsMs, ...this.#book() };
    }
  }

  /**
   * Reads a well-formed bar from the bytes of its line, in one pass, since nearly every row is one. Returns where the next
   * line begins. -1: the row must be read column by column, which says what is wrong with it, if anything.
   */
  #plainBar(bytes: Buffer, from: number, end: number, into: BarColumns): number {
    const prices = this.#prices;
    const sizes = this.#sizes;
    let at = from;
    let tsMs = 0;
    for (let code = bytes[at] as number; code >= DIGIT_0 && code <= DIGIT_9; code = bytes[at] as number) {
      tsMs = tsMs * 10 + (code - DIGIT_0);
      at += 1;
    }
    if (at === from || at - from > TS_DIGITS_MAX || bytes[at] !== COMMA) return -1;
    const openTicks = prices.exactAt(bytes, at + 1);
    if (bytes[prices.end] !== COMMA) return -1;
    const highTicks = prices.exactAt(bytes, prices.end + 1);
    if (bytes[prices.end] !== COMMA) return -1;
    const lowTicks = prices.exactAt(bytes, prices.end + 1);
    if (bytes[prices.end] !== COMMA) return -1;
    const closeTicks = prices.exactAt(bytes, prices.end + 1);
    if (bytes[prices.end] !== COMMA) return -1;
    const volumeLots = sizes.floorAt(bytes, prices.end + 1);
    at = sizes.end;
    if (at < end && bytes[at] === CARRIAGE_RETURN) at += 1;
    if (at < end && bytes[at] !== LINE_FEED) return -1;
    const isBar =
      lowTicks > 0 &&
      highTicks >= openTicks &&
      highTicks >= closeTicks &&
      lowTicks <= openTicks &&
      lowTicks <= closeTicks &&
      volumeLots >= 0 &&
      tsMs > this.#lastTsMs &&
      tsMs <= TS_MAX;
    if (!isBar) return -1;
    this.#lastTsMs = tsMs;
    into.add(tsMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots);
    return at + 1;
  }

  /** Refuses the current row, for checks that need more than one row. Throws. */
  refuse(column: string | null, expected: string, found: string, doThis = REPAIR): never {
    throw new DataFileError({ file: this.file, row: this.#row, column, expected, found, doThis });
  }

  #bar(tsMs: number): BarRow {
    return { format: 'bars', tsMs, ...this.#fourPrices(''), volumeLots: this.#barVolume() };
  }

  #barVolume(): number {
    if (!this.#places.has('traded')) return this.#sizeOr(Number.NaN, 'volume');
    // MetaTrader makes no bar without a trade: none was counted.
    return this.#size('traded') || Number.NaN;
  }

  #bidAskBar(tsMs: number): BidAskBarRow {
    const [bid, ask] = [this.#fourPrices('bid_'), this.#fourPrices('ask_')];
    const crossed = crossedPrice(bid, ask);
    if (crossed !== null)
      this.refuse(
        `ask_${crossed}`,
        `at least the bid of ${this.#text(`bid_${crossed}`)}`,
        shown(this.#text(`ask_${crossed}`)),
      );
    return { format: 'bidAskBars', tsMs, bid, ask, volumeLots: this.#sizeOr(Number.NaN, 'volume') };
  }

  #fourPrices(of: '' | 'bid_' | 'ask_'): FourPrices {
    const [open, high, low, close] = [`${of}open`, `${of}high`, `${of}low`, `${of}close`] as const;
    const prices: FourPrices = {
      openTicks: this.#price(open),
      highTicks: this.#price(high),
      lowTicks: this.#price(low),
      closeTicks: this.#price(close),
    };
    if (prices.highTicks < Math.max(prices.openTicks, prices.closeTicks, prices.lowTicks))
      this.refuse(this.#name(high), 'the highest of the four prices', shown(this.#text(high)));
    if (prices.lowTicks > Math.min(prices.openTicks, prices.closeTicks))
      this.refuse(this.#name(low), 'the lowest of the four prices', shown(this.#text(low)));
    return prices;
  }

  /** Null: of a file that leaves out what has not changed, and one side has not come yet. */
  #quote(tsMs: number): QuoteRow | null {
    if (this.#isOfChanges && !this.#fillIn()) return null;
    const bidTicks = this.#price('bid');
    const askTicks = this.#price('ask');
    if (askTicks < bidTicks)
      this.refuse(this.#name('ask'), `at least the bid of ${this.#text('bid')}`, shown(this.#text('ask')));
    return {
      format: 'quotes',
      tsMs,
      bidTicks,
      askTicks,
      bidLots: this.#sizeOr(0, 'bid_size'),
      askLots: this.#sizeOr(0, 'ask_size'),
    };
  }

  /** Fills in the side that is left empty by what it was. False: it was nothing yet. */
  #fillIn(): boolean {
    const fields = [...this.#fields];
    for (const side of ['bid', 'ask'] as const) {
      this.#lastPrices[side] = this.#text(side) || this.#lastPrices[side];
      fields[this.#places.get(side) ?? -1] = this.#lastPrices[side];
    }
    this.#fields = fields;
    return this.#lastPrices.bid !== '' && this.#lastPrices.ask !== '';
  }

  #trade(tsMs: number): TradeRow {
    const side = this.#text('side');
    if (side !== 'buy' && side !== 'sell' && side !== '')
      this.refuse('side', '`buy`, `sell` or nothing', shown(side));
    const taker = side === '' ? null : side;
    return {
      format: 'trades',
      tsMs,
      priceTicks: this.#price('price'),
      quantityLots: this.#size('size'),
      taker,
    };
  }

  #book(): BookLevels {
    const bids = this.#side('bids', -1);
    const asks = this.#side('asks', 1);
    if ((asks[0]?.priceTicks ?? 0) < (bids[0]?.priceTicks ?? 0))
      this.refuse(
        'asks[0].price',
        `at least the bid of ${this.#text('bids[0].price')}`,
        shown(this.#text('asks[0].price')),
      );
    return { bids, asks };
  }

  /** Best first, to the first level that is empty; the first one has to be there. */
  #side(side: 'bids' | 'asks', away: 1 | -1): readonly BookLevel[] {
    const levels: BookLevel[] = [];
    for (let at = 0; this.#places.has(`${side}[${at}].price`); at += 1) {
      const [price, amount] = [`${side}[${at}].price`, `${side}[${at}].amount`] as const;
      if (at > 0 && this.#text(price) === '' && this.#text(amount) === '') break;
      const priceTicks = this.#price(price);
      const before = levels.at(-1)?.priceTicks;
      if (before !== undefined && (priceTicks - before) * away <= 0)
        this.refuse(
          price,
          `a price ${away === 1 ? 'above' : 'below'} that of level ${at - 1}, ${this.#text(`${side}[${at - 1}].price`)}`,
          shown(this.#text(price)),
        );
      levels.push({ priceTicks, lots: this.#size(amount) });
    }
    return levels;
  }

  #time(): number {
    const { expected, read, otherwise } = this.#clock;
    const [field] = this.#timeFields as readonly [string];
    const [name, text] = [this.#name(field), this.#timeText()];
    const strict = isOfBars(this.#format);
    const earliestMs = strict ? this.#lastTsMs + 1 : this.#lastTsMs;
    const tsMs = read(text, earliestMs);
    if (!(tsMs > 0 && tsMs <= TS_MAX)) this.refuse(name, expected, shown(text), otherwise(text));
    if (tsMs < earliestMs) {
      const last = field === 'ts' ? this.#lastTsMs : new Date(this.#lastTsMs).toISOString();
      this.refuse(name, `${strict ? 'later than' : 'not before'} ${last}, the row above`, shown(text));
    }
    if (field === 'date' && this.#lastTsMs > 0 && tsMs < this.#lastTsMs + this.spanMs)
      this.refuse(name, 'a bar that begins once the one above has ended', shown(text), CLOCKS_FORWARD);
    this.#lastTsMs = tsMs;
    return tsMs;
  }

  #timeText(): string {
    return this.#timeFields.map((field) => this.#text(field)).join(' ');
  }

  #price(field: string): number {
    const text = this.#text(field);
    const ticks = this.#prices.exact(text);
    if (ticks === null || ticks <= 0) this.#refusePrice(this.#name(field), text);
    return ticks;
  }

  #refusePrice(name: string, text: string): never {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value > 0)) {
      const doThis = DECIMAL.test(text) ? REPAIR : PLAIN;
      this.refuse(name, 'a price above zero in plain decimals', shown(text), doThis);
    }
    const { tickSize, symbol } = this.instrument;
    if (this.#prices.floor(text) === null)
      this.refuse(name, `a price small enough to be counted exactly in ticks of ${tickSize}`, shown(text));
    throw new DataFileError({
      file: this.file,
      row: this.#row,
      column: name,
      expected: `a multiple of the tick ${tickSize} of ${symbol}`,
      found: shown(text),
      doThis: `Check that the file is of ${symbol}; otherwise give the instrument the right tickSize in the desk file.`,
    });
  }

  #size(field: string): number {
    const text = this.#text(field);
    const lots = this.#sizes.floor(text);
    if (lots === null) {
      const doThis = DECIMAL.test(text) ? REPAIR : PLAIN;
      this.refuse(this.#name(field), 'zero or more in plain decimals', shown(text), doThis);
    }
    return lots;
  }

  /** `notRecorded`: the file has no such column, or nothing in it. */
  #sizeOr(notRecorded: number, field: string): number {
    return this.#places.has(field) && this.#text(field) !== '' ? this.#size(field) : notRecorded;
  }

  /** As the file calls it. */
  #name(field: string): string {
    return this.#columns[this.#places.get(field) ?? -1] ?? field;
  }

  #text(field: string): string {
    return this.#fields[this.#places.get(field) ?? -1] as string;
  }
}

/** Which of the four prices has an ask below its bid. Null: none. */
export function crossedPrice(bid: FourPrices, ask: FourPrices): 'open' | 'high' | 'low' | 'close' | null {
  if (ask.openTicks < bid.openTicks) return 'open';
  if (ask.highTicks < bid.highTicks) return 'high';
  if (ask.lowTicks < bid.lowTicks) return 'low';
  return ask.closeTicks < bid.closeTicks ? 'close' : null;
}

/** Where the line that begins there ends: its line feed, or the end of the file. */
function lineEndOf(bytes: Buffer, from: number, end: number): number {
  const at = bytes.indexOf(LINE_FEED, from);
  return at === -1 || at > end ? end : at;
}
