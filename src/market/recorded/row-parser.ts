/**
 * Parses and checks the rows of a recorded file. Prices are returned in ticks, sizes in lots. No CSV library:
 * the formats have no quoted cells, and prices go from digits to integers without a float in between.
 */
import type { Instrument } from '../../domain/instrument.js';
import { type DecimalGrid, decimalGrid } from '../decimal-grid.js';
import { DataFileError, shown } from './data-file-error.js';

export type RecordedFormat = 'bars' | 'quotes' | 'trades';

export interface BarRow {
  readonly format: 'bars';
  readonly tsMs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
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
export type RecordedRow = BarRow | QuoteRow | TradeRow;

const HEADERS: Readonly<Record<RecordedFormat, readonly string[]>> = {
  bars: ['ts', 'open', 'high', 'low', 'close', 'volume'],
  quotes: ['ts', 'bid', 'ask', 'bid_size', 'ask_size'],
  trades: ['ts', 'price', 'size', 'side'],
};
export const REPAIR = 'Correct the row or take it out; nothing was traded on it.';
/** A program that writes one row this way writes them all this way: removing one would not help. */
const COMMAS = 'Separate the fields of each row by commas; nothing was traded on it.';
const PLAIN =
  'Write numbers such as 61250.5, without exponent, space, quote or sign; nothing was traded on it.';
const MILLISECONDS = 'Write each ts as milliseconds since 1970, UTC, such as 1767225600000 for 2026-01-01.';
const MICROSECONDS = 'Cut each ts to milliseconds: the first 13 digits.';
/** 2286-11-20: a larger number is not in milliseconds. */
const TS_MAX = 9_999_999_999_999;
const TS_DIGITS_MAX = 13;
const CARRIAGE_RETURN = 13;
const DIGIT_0 = 48;
const DECIMAL = /^-?\d+(\.\d+)?$/;
const TS_TEXT = /^\d{1,13}$/;
/** Microseconds or nanoseconds since 2001. */
const FINER_TS_TEXT = /^\d{16}(\d{3})?$/;

/** Throws `DataFileError` if the header is none of the three. */
export function detectFormat(file: string, header: string | undefined): RecordedFormat {
  const found = (header ?? '').replace(/^\uFEFF/, '').trim();
  for (const format of ['bars', 'quotes', 'trades'] as const) {
    if (found === HEADERS[format].join(',')) return format;
  }
  throw new DataFileError({
    file,
    row: 1,
    column: null,
    expected: `a header: ${Object.values(HEADERS)
      .map((columns) => `\`${columns.join(',')}\``)
      .join(' or ')}`,
    found: shown(found),
    doThis:
      'Make the first line one of these, letter by letter, with the columns below it in that order and commas between them; docs/DATA.md says what each column means.',
  });
}

export class RowParser {
  readonly #prices: DecimalGrid;
  readonly #sizes: DecimalGrid;
  readonly #columns: readonly string[];
  #row = 1;
  #lastTsMs = 0;
  #fields: readonly string[] = [];

  constructor(
    private readonly file: string,
    private readonly format: RecordedFormat,
    private readonly instrument: Instrument,
  ) {
    this.#prices = decimalGrid(instrument.tickSize);
    this.#sizes = decimalGrid(instrument.lotSize);
    this.#columns = HEADERS[format];
  }

  /** Parses the next row; the first call gets row 2. Throws `DataFileError`. */
  parse(line: string): RecordedRow {
    this.#row += 1;
    const bar = this.format === 'bars' ? this.#plainBar(line) : null;
    if (bar !== null) return bar;
    this.#fields = (line.endsWith('\r') ? line.slice(0, -1) : line).split(',');
    if (this.#fields.length !== this.#columns.length) {
      this.refuse(
        null,
        `${this.#columns.length} columns (${this.#columns.join(',')})`,
        `${this.#fields.length}: ${shown(line)}`,
        /[;\t|]/.test(line) ? COMMAS : REPAIR,
      );
    }
    const tsMs = this.#time();
    if (this.format === 'bars') return this.#bar(tsMs);
    return this.format === 'quotes' ? this.#quote(tsMs) : this.#trade(tsMs);
  }

  /**
   * Reads a well-formed bar in one pass, without substrings, since nearly every row is one. Null: the row
   * must be read column by column, which says what is wrong with it, if anything.
   */
  #plainBar(line: string): BarRow | null {
    // Where the columns end. If a comma is missing, the next search restarts at the beginning and finds no
    // later one.
    const ts = line.indexOf(',');
    const open = line.indexOf(',', ts + 1);
    const high = line.indexOf(',', open + 1);
    const low = line.indexOf(',', high + 1);
    const close = line.indexOf(',', low + 1);
    if (!(ts > 0 && open > ts && high > open && low > high && close > low)) return null;
    const end = line.charCodeAt(line.length - 1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
    if (ts > TS_DIGITS_MAX || line.indexOf(',', close + 1) !== -1) return null;
    const tsMs = wholeNumber(line, 0, ts);
    const openTicks = this.#prices.exactWithin(line, ts + 1, open);
    const highTicks = this.#prices.exactWithin(line, open + 1, high);
    const lowTicks = this.#prices.exactWithin(line, high + 1, low);
    const closeTicks = this.#prices.exactWithin(line, low + 1, close);
    const volumeLots = this.#sizes.floorWithin(line, close + 1, end);
    if (openTicks === null || highTicks === null || lowTicks === null || closeTicks === null) return null;
    const isBar =
      lowTicks > 0 &&
      highTicks >= openTicks &&
      highTicks >= closeTicks &&
      lowTicks <= openTicks &&
      lowTicks <= closeTicks;
    if (!isBar || volumeLots === null || !(tsMs > this.#lastTsMs && tsMs <= TS_MAX)) return null;
    this.#lastTsMs = tsMs;
    return { format: 'bars', tsMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots };
  }

  /** Refuses the current row, for checks that need more than one row. Throws. */
  refuse(column: string | null, expected: string, found: string, doThis = REPAIR): never {
    throw new DataFileError({ file: this.file, row: this.#row, column, expected, found, doThis });
  }

  #bar(tsMs: number): BarRow {
    const row: BarRow = {
      format: 'bars',
      tsMs,
      openTicks: this.#price(1),
      highTicks: this.#price(2),
      lowTicks: this.#price(3),
      closeTicks: this.#price(4),
      volumeLots: this.#sizeOr(Number.NaN, 5),
    };
    if (row.highTicks < Math.max(row.openTicks, row.closeTicks, row.lowTicks))
      this.refuse('high', 'the highest of the four prices', shown(this.#text(2)));
    if (row.lowTicks > Math.min(row.openTicks, row.closeTicks))
      this.refuse('low', 'the lowest of the four prices', shown(this.#text(3)));
    return row;
  }

  #quote(tsMs: number): QuoteRow {
    const bidTicks = this.#price(1);
    const askTicks = this.#price(2);
    if (askTicks < bidTicks) this.refuse('ask', `at least the bid of ${this.#text(1)}`, shown(this.#text(2)));
    return {
      format: 'quotes',
      tsMs,
      bidTicks,
      askTicks,
      bidLots: this.#sizeOr(0, 3),
      askLots: this.#sizeOr(0, 4),
    };
  }

  #trade(tsMs: number): TradeRow {
    const side = this.#text(3);
    if (side !== 'buy' && side !== 'sell' && side !== '')
      this.refuse('side', '`buy`, `sell` or nothing', shown(side));
    const taker = side === '' ? null : side;
    return { format: 'trades', tsMs, priceTicks: this.#price(1), quantityLots: this.#size(2), taker };
  }

  #time(): number {
    const text = this.#text(0);
    const tsMs = TS_TEXT.test(text) ? Number(text) : Number.NaN;
    if (!(tsMs > 0 && tsMs <= TS_MAX)) {
      const isFiner = FINER_TS_TEXT.test(text);
      this.refuse('ts', 'milliseconds since 1970, UTC', shown(text), isFiner ? MICROSECONDS : MILLISECONDS);
    }
    const strict = this.format === 'bars';
    if (strict ? tsMs <= this.#lastTsMs : tsMs < this.#lastTsMs) {
      this.refuse(
        'ts',
        `${strict ? 'later than' : 'not before'} ${this.#lastTsMs}, the row above`,
        shown(text),
      );
    }
    this.#lastTsMs = tsMs;
    return tsMs;
  }

  #price(column: number): number {
    const text = this.#text(column);
    const ticks = this.#prices.exact(text);
    if (ticks === null || ticks <= 0) this.#refusePrice(column, text);
    return ticks;
  }

  #refusePrice(column: number, text: string): never {
    const name = this.#columns[column] as string;
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

  #size(column: number): number {
    const text = this.#text(column);
    const lots = this.#sizes.floor(text);
    if (lots === null) {
      const doThis = DECIMAL.test(text) ? REPAIR : PLAIN;
      this.refuse(this.#columns[column] as string, 'zero or more in plain decimals', shown(text), doThis);
    }
    return lots;
  }

  #sizeOr(notRecorded: number, column: number): number {
    return this.#text(column) === '' ? notRecorded : this.#size(column);
  }

  #text(column: number): string {
    return this.#fields[column] as string;
  }
}

/** NaN: the text is empty, or holds anything but digits. */
function wholeNumber(text: string, from: number, to: number): number {
  let value = from < to ? 0 : Number.NaN;
  for (let index = from; index < to; index += 1) {
    const digit = text.charCodeAt(index) - DIGIT_0;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}
