/** What a recorded file holds, by its header. */
import { DataFileError, shown } from './data-file-error.js';

export type RecordedFormat = 'bars' | 'bidAskBars' | 'quotes' | 'trades' | 'books';

/** Its rows are spans of time with four prices. */
export const isOfBars = (format: RecordedFormat): boolean => format === 'bars' || format === 'bidAskBars';

/** What the rows hold, and under which of the file's columns. */
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
export const HEADERS: Readonly<Record<RecordedFormat, readonly string[]>> = {
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
