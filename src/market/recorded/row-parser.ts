/**
 * Parses and checks the rows of a recorded file. Prices are returned in ticks, sizes in lots. No CSV library:
 * the formats have no quoted cells, and prices go from digits to integers without a float in between.
 */
import type { BookLevel, BookLevels } from '../../contracts/market-feed.js';
import { HOUR_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { utcOfLocal } from '../../domain/trading-day.js';
import { zoneOffset } from '../../domain/zone-offset.js';
import { DecimalGrid } from '../decimal-grid.js';
import { DataFileError, shown } from './data-file-error.js';

export type RecordedFormat = 'bars' | 'bidAskBars' | 'quotes' | 'trades' | 'books';

/** Its rows are spans of time with four prices. */
export const isOfBars = (format: RecordedFormat): boolean => format === 'bars' || format === 'bidAskBars';

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

/** What its rows hold, and under which of the file's columns. */
export interface Layout {
  readonly format: RecordedFormat;
  /** As the file's header writes them. */
  readonly columns: readonly string[];
  /** What each of these columns is, by our own names; what is not read has none of them. */
  readonly fields: readonly string[];
  /** Between columns. Left out: a comma. */
  readonly separator?: string;
}

/** Our own headers; that of books goes on with as many levels as there are. */
const HEADERS: Readonly<Record<RecordedFormat, readonly string[]>> = {
  bars: ['ts', 'open', 'high', 'low', 'close', 'volume'],
  bidAskBars: [
    ...['ts', 'bid_open', 'bid_high', 'bid_low', 'bid_close'],
    ...['ask_open', 'ask_high', 'ask_low', 'ask_close', 'volume'],
  ],
  quotes: ['ts', 'bid', 'ask', 'bid_size', 'ask_size'],
  trades: ['ts', 'price', 'size', 'side'],
  books: ['ts', 'bids[0].price', 'bids[0].amount', 'asks[0].price', 'asks[0].amount'],
};

/**
 * Headers of others that leave nothing open. Dukascopy counts volumes in millions, and often as 4.5E-4: they are read as
 * not recorded.
 */
const HEADERS_OF_OTHERS: readonly (readonly [RecordedFormat, header: string, fields: string])[] = [
  ['bars', 'timestamp,open,high,low,close,volume', 'ts,open,high,low,close,volume'],
  ['bars', 'timestamp,open,high,low,close', 'ts,open,high,low,close'],
  ['bars', 'Gmt time,Open,High,Low,Close,Volume', 'gmt,open,high,low,close,-'],
  ['quotes', 'timestamp,askPrice,bidPrice,askVolume,bidVolume', 'ts,ask,bid,-,-'],
  ['quotes', 'timestamp,askPrice,bidPrice', 'ts,ask,bid'],
  ['quotes', 'Gmt time,Ask,Bid,AskVolume,BidVolume', 'gmt,ask,bid,-,-'],
];

/**
 * MetaTrader's exports, in the time of the broker's server. Columns are separated by tabs, or by commas where a program has
 * rewritten them. Of bars, the volume in ticks and the spread are not read; of ticks, what has not changed is left empty.
 */
const HEADERS_OF_METATRADER: readonly (readonly [RecordedFormat, header: string, fields: string])[] = [
  [
    'bars',
    '<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>',
    'date,time,open,high,low,close,-,traded,-',
  ],
  [
    'bars',
    '<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>',
    'date,open,high,low,close,-,traded,-',
  ],
  ['quotes', '<DATE>,<TIME>,<BID>,<ASK>,<LAST>,<VOLUME>,<FLAGS>', 'date,time,bid,ask,-,-,-'],
];

/** First lines of well-known exports that do not say what their times are: reading them would be a guess. */
const UNREAD: readonly (readonly [RegExp, string])[] = [
  [
    /^<(TICKER|DATE|TIME|DTYYYYMMDD)>/i,
    'Of headers like this, those of MetaTrader’s own exports of bars and ticks are read (docs/DATA.md); write this one as one of these.',
  ],
  [
    /^\d{8} \d{6}(\d{3})?[;,]|^\d{4}\.\d\d\.\d\d,\d\d:\d\d,/,
    'HistData’s files have no header and no zone: write one of these headers, and each time as milliseconds since 1970, UTC (HistData’s is five hours behind it all year); docs/DATA.md has the command.',
  ],
  [
    /^[A-Z]{3}\/[A-Z]{3},\d{8} /,
    'TrueFX’s files have no header: write `ts,bid,ask,bid_size,ask_size`, and each time, which is GMT, as milliseconds since 1970; docs/DATA.md has the command.',
  ],
  [/\0/, 'It is written in UTF-16: save it as UTF-8, for example by `iconv -f UTF-16 -t UTF-8`.'],
  [
    /^Local time,/i,
    'Export it once more with the time in GMT: with summer time, an hour of local times comes twice.',
  ],
];
export const REPAIR = 'Correct the row or take it out; nothing was traded on it.';
/** A program that writes one row this way writes them all this way: removing one would not help. */
const COMMAS = 'Separate the fields of each row by commas; nothing was traded on it.';
const PLAIN =
  'Write numbers such as 61250.5, without exponent, space, quote or sign; nothing was traded on it.';
const MILLISECONDS = 'Write each ts as milliseconds since 1970, UTC, such as 1767225600000 for 2026-01-01.';
export const CLOCKS_FORWARD =
  'Its clock is put forward there: check `venue.serverTime` in the desk file, or take the row out; nothing was traded on it.';
const MICROSECONDS = 'Cut each ts to milliseconds: the first 13 digits.';
/** 2286-11-20: a larger number is not in milliseconds. */
const TS_MAX = 9_999_999_999_999;
const TS_DIGITS_MAX = 13;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const COMMA = 44;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DECIMAL = /^-?\d+(\.\d+)?$/;
const TS_TEXT = /^\d{1,13}$/;
/** Microseconds or nanoseconds since 2001. */
const FINER_TS_TEXT = /^\d{16}(\d{3})?$/;

/** Throws `DataFileError` if the header is none that is known. */
export function detectLayout(file: string, header: string | undefined): Layout {
  const found = (header ?? '').replace(/^\uFEFF/, '').trim();
  const columns = found.split(',');
  for (const [format, fields] of Object.entries(HEADERS))
    if (found === fields.join(',')) return { format: format as RecordedFormat, columns, fields };
  for (const [format, theirs, fields] of HEADERS_OF_OTHERS)
    if (found === theirs) return { format, columns, fields: fields.split(',') };
  const separator = found.includes('\t') ? '\t' : ',';
  const metaTrader = found.split(separator);
  for (const [format, theirs, fields] of HEADERS_OF_METATRADER)
    if (metaTrader.join() === theirs)
      return { format, columns: metaTrader, fields: fields.split(','), separator };
  const book = bookLayout(file, columns);
  if (book !== null) return book;
  const known = UNREAD.find(([first]) => first.test(found));
  throw new DataFileError({
    file,
    row: 1,
    column: known === undefined ? missingColumn(columns) : null,
    expected: `a header: ${Object.values(HEADERS)
      .map((fields) => `\`${fields.join(',')}${fields === HEADERS.books ? ',…' : ''}\``)
      .join(' or ')}`,
    found: shown(found),
    doThis:
      known?.[1] ??
      'Make the first line one of these, letter by letter, with the columns below it in that order and commas between them; docs/DATA.md says what each column means, and which files of others are read as they are.',
  });
}

/** Of Tardis, or of whoever names levels alike. */
const BOOK_COLUMN = /^(bids|asks)\[(\d{1,3})\]\.(price|amount)$/;
/** Columns beside levels that are not read. */
const BESIDE_LEVELS = new Set(['exchange', 'symbol', 'local_timestamp']);

/**
 * Snapshots of a book: levels in any order of columns, from 0 on, with a time `ts` in milliseconds or, as Tardis has it,
 * `timestamp` in microseconds. Null: it has no level. Throws `DataFileError` where a column is missing or unknown.
 */
function bookLayout(file: string, columns: readonly string[]): Layout | null {
  const levels = columns.flatMap((column) => BOOK_COLUMN.exec(column)?.[2] ?? []);
  if (levels.length === 0) return null;
  const count = Math.max(...levels.map(Number)) + 1;
  const wanted = Array.from({ length: count }, (_, at) =>
    ['bids', 'asks'].flatMap((side) => [`${side}[${at}].price`, `${side}[${at}].amount`]),
  ).flat();
  const time = columns.includes('timestamp') ? 'timestamp' : 'ts';
  const refuse = (column: string, found: string): never => {
    throw new DataFileError({
      ...{ file, row: 1, column, found },
      expected: `\`${time}\` and both sides of each level from 0 to ${count - 1}, each once`,
      doThis: 'Write `ts` and the columns of every level, as docs/DATA.md has it, or take out the column.',
    });
  };
  for (const column of [time, ...wanted]) if (!columns.includes(column)) refuse(column, 'no such column');
  for (const [at, column] of columns.entries()) {
    if (columns.indexOf(column) !== at) refuse(column, 'it twice');
    if (column !== time && !BOOK_COLUMN.test(column) && !BESIDE_LEVELS.has(column))
      refuse(column, 'a column of no level');
  }
  return {
    ...{ format: 'books', columns },
    fields: columns.map((column) =>
      column === 'timestamp' ? 'us' : BESIDE_LEVELS.has(column) ? '-' : column,
    ),
  };
}

/** Of the header that is nearly one of ours: the first column that it lacks. Null: it is like none of them. */
function missingColumn(columns: readonly string[]): string | null {
  const lacking = Object.values(HEADERS).map((fields) => fields.filter((field) => !columns.includes(field)));
  return lacking.find(([first, ...others]) => first !== undefined && others.length === 0)?.[0] ?? null;
}

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

/** How the time of a row is read. */
interface Clock {
  readonly expected: string;
  /** NaN: the text is none. `earliestMs`: of the two times that a clock shows where it is put back, the first from there on. */
  read(text: string, earliestMs: number): number;
  /** What to do where it is none. */
  otherwise(text: string): string;
  /** What it shows at a moment, as milliseconds since 1970. */
  shows(utcMs: number): number;
}

const same = (utcMs: number): number => utcMs;

const CLOCKS: Readonly<Record<'ts' | 'us' | 'gmt', Clock>> = {
  ts: {
    expected: 'milliseconds since 1970, UTC',
    read: (text) => (TS_TEXT.test(text) ? Number(text) : Number.NaN),
    otherwise: (text) => (FINER_TS_TEXT.test(text) ? MICROSECONDS : MILLISECONDS),
    shows: same,
  },
  us: {
    expected: 'microseconds since 1970, UTC',
    read: (text) => (/^\d{16}$/.test(text) ? Math.floor(Number(text) / 1000) : Number.NaN),
    otherwise: () => 'Write `timestamp` in microseconds, or `ts` in milliseconds under that name.',
    shows: same,
  },
  gmt: {
    expected: 'a time in GMT such as 03.11.2025 14:30:00.000',
    read: (text) => {
      const [, day = '', month = '', year = '', time = ''] = GMT_TEXT.exec(text) ?? [];
      return msOf(year, month, day, time);
    },
    otherwise: () => REPAIR,
    shows: same,
  },
};

const GMT_TEXT = /^(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d:\d\d(?:\.\d{3})?)$/;
const SERVER_TEXT = /^(\d{4})\.(\d\d)\.(\d\d)(?: (\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?$/;

/** NaN: there is no such time. */
function msOf(year: string, month: string, day: string, time: string): number {
  const ms = Date.parse(`${year}-${month}-${day}T${time}Z`);
  // 31.02. would be a day of March.
  return new Date(ms).getUTCDate() === Number(day) ? ms : Number.NaN;
}

/** Of no clock change, a time this long before or after it is another hour. */
const AROUND_CHANGE_MS = 2 * HOUR_MS;

/** The clock of a broker's server. Throws `DataFileError`: the desk file does not say which it is. */
function serverClock(file: string, { symbol, serverTime }: Counted): Clock {
  if (serverTime === undefined)
    throw new DataFileError({
      ...{ file, row: 1, column: null },
      expected: `to know the clock of the broker’s server, which the times of ${symbol} are in: the file does not name it`,
      found: 'no `venue.serverTime` in the desk file',
      doThis:
        'Write it there, for example `serverTime: { zone: America/New_York, hoursAhead: 7 }`: days of most MetaTrader brokers end at 17:00 in New York. docs/DATA.md says how to find out.',
    });
  const { zone, hoursAhead } = serverTime;
  const aheadMs = hoursAhead * HOUR_MS;
  const inZone = zoneOffset(zone);
  const offsetAt = (utcMs: number): number => inZone(utcMs) + aheadMs;
  const localOf = (text: string): number => {
    const [, year = '', month = '', day = '', time = '00:00'] = SERVER_TEXT.exec(text) ?? [];
    return msOf(year, month, day, time);
  };
  return {
    expected: `a time that the broker’s server showed (venue.serverTime: ${zone}, ${hoursAhead} h ahead), such as 2025.11.03 14:30:00`,
    read: (text, earliestMs) => {
      const local = localOf(text);
      if (Number.isNaN(local)) return local;
      const near = utcOfLocal(local, offsetAt);
      const offsets = [offsetAt(near - AROUND_CHANGE_MS), offsetAt(near + AROUND_CHANGE_MS)];
      const times = [local - Math.max(...offsets), local - Math.min(...offsets)];
      const shown = times.filter((utcMs) => utcMs + offsetAt(utcMs) === local);
      return shown.find((utcMs) => utcMs >= earliestMs) ?? shown[0] ?? Number.NaN;
    },
    otherwise: (text) => (Number.isNaN(localOf(text)) ? REPAIR : CLOCKS_FORWARD),
    shows: (utcMs) => utcMs + offsetAt(utcMs),
  };
}

/** Where the line that begins there ends: its line feed, or the end of the file. */
function lineEndOf(bytes: Buffer, from: number, end: number): number {
  const at = bytes.indexOf(LINE_FEED, from);
  return at === -1 || at > end ? end : at;
}
