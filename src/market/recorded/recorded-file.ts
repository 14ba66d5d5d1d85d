/** One recorded file, row by row. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DAY_MS, MINUTE_MS } from '../../domain/civil-date.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { PriceSide } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import { iso } from '../../domain/moment.js';
import { hasNote } from '../fetched/minutes-file.js';
import { DataFileError, REPAIR } from './data-file-error.js';
import { CLOCKS_FORWARD } from './row-clocks.js';
import { detectLayout, isOfBars, type RecordedFormat } from './row-layout.js';
import {
  BarColumns,
  type BarRow,
  type BidAskBarRow,
  type Counted,
  crossedPrice,
  ListedRows,
  type RecordedRow,
  type RecordedRows,
  RowParser,
} from './row-parser.js';

/** Rows from which the length of the bars is found. */
const SPAN_ROWS = 200;

export interface RecordedFile {
  readonly format: RecordedFormat;
  /** Length of one bar; 0 for quotes and trades. */
  readonly spanMs: number;
  /** Time of the first row. */
  readonly firstMs: number;
  /** The same as the clock of the file's times shows it: all bars begin a whole number of spans from there. */
  readonly firstShownMs: number;
  /** The next few rows. Null: end of the file. Throws `DataFileError`. */
  next(): Promise<RecordedRows | null>;
  /** Where the first of the rows that `next` returned last is written. */
  place(): RowPlace;
  /** Of the file on disk; slightly ahead of the rows returned. */
  bytes(): BytesRead;
  close(): Promise<void>;
}

interface RowPlace {
  readonly file: string;
  /** The header is row 1. */
  readonly row: number;
}

interface BytesRead {
  readonly read: number;
  readonly all: number;
}

/** Opens the file and checks its first rows. Throws `DataFileError`. */
async function openRecordedFile(file: string, instrument: Counted): Promise<RecordedFile> {
  const lines = await openLines(file);
  try {
    return await begin(file, instrument, lines);
  } catch (error) {
    await lines.close();
    throw error;
  }
}

async function begin(file: string, instrument: Counted, lines: LineReader): Promise<RecordedFile> {
  const chunk = await lines.next();
  const [header, from] = headerOf(chunk);
  const layout = detectLayout(file, header);
  const { format } = layout;
  const parser = new RowParser(file, layout, instrument);
  const reader = new RowReader(parser, format);
  // A coin that hardly trades has so few minutes that their distances say nothing.
  const fetchedMs = hasNote(file) ? MINUTE_MS : null;
  let known = isOfBars(format) ? fetchedMs : 0;
  parser.spanMs = known ?? 0;
  let at = from;
  for (let given = chunk; given !== null; given = await lines.next(), at = 0) {
    at = reader.read(given, at, SPAN_ROWS - reader.length);
    if (reader.length === SPAN_ROWS) {
      // Later rows don't count, even if they came in the same chunk of the file.
      known ??= barSpan(file, reader.rows(), parser);
      parser.spanMs = known;
      reader.read(given, at, Number.POSITIVE_INFINITY);
    }
    lines.row = parser.row;
    if (reader.length >= SPAN_ROWS) break;
  }
  if (reader.length === 0) throw noRows(file);
  const first = reader.take();
  const firstMs = first.tsMsAt(0);
  const firstShownMs = parser.clockMs(firstMs);
  const spanMs = known ?? barSpan(file, first, parser);
  parser.spanMs = spanMs;
  if (isInSeconds(firstMs, spanMs)) throw inSeconds(file, firstMs);
  let ready: RecordedRows | null = first;
  let row = 2;
  let given = 0;
  const next = async (): Promise<RecordedRows | null> => {
    let rows = ready;
    ready = null;
    if (rows === null) {
      const more = await lines.next();
      if (more !== null) {
        reader.read(more, 0, Number.POSITIVE_INFINITY);
        rows = reader.take();
        lines.row = parser.row;
      }
    }
    row += given;
    given = rows?.length ?? 0;
    return rows;
  };
  const place = () => ({ file, row });
  return {
    format,
    spanMs,
    firstMs,
    firstShownMs,
    next,
    place,
    bytes: () => lines.bytes(),
    close: () => lines.close(),
  };
}

/** The header, and where the line after it begins. */
function headerOf(chunk: LineBytes | null): readonly [string | undefined, number] {
  if (chunk === null) return [undefined, 0];
  const { bytes, end } = chunk;
  const at = bytes.indexOf(LINE_FEED);
  return at === -1 ? [bytes.toString('utf8', 0, end), end] : [bytes.toString('utf8', 0, at), at + 1];
}

/** Collects rows. */
class RowReader {
  #columns: BarColumns | null = null;
  #listed: RecordedRow[] = [];
  /** Of a row, in the bytes that were read last. */
  #rowBytes = 64;

  constructor(
    private readonly parser: RowParser,
    private readonly format: RecordedFormat,
  ) {}

  get length(): number {
    return this.#columns?.length ?? this.#listed.length;
  }

  rows(): RecordedRows {
    return this.#columns ?? new ListedRows(this.#listed);
  }

  /** The rows since the last call. */
  take(): RecordedRows {
    const rows = this.rows();
    this.#columns = null;
    this.#listed = [];
    return rows;
  }

  /** Returns where the next row begins. Throws `DataFileError`. */
  read({ bytes, end }: LineBytes, from: number, most: number): number {
    if (this.format !== 'bars') return this.parser.readRows(bytes, from, end, this.#listed, most);
    this.#columns ??= new BarColumns(Math.ceil((end - from) / this.#rowBytes) + 1);
    const before = this.#columns.length;
    const at = this.parser.readBars(bytes, from, end, this.#columns, most);
    if (this.#columns.length > before) this.#rowBytes = (at - from) / (this.#columns.length - before);
    return at;
  }
}

/**
 * The largest span that divides all steps between the first rows; one minute for a single row. Throws
 * `DataFileError` if a slightly wrong time would turn minutes into bars of milliseconds.
 */
function barSpan(file: string, rows: RecordedRows, clock: Pick<RowParser, 'clockMs'>): number {
  const given = Array.from({ length: Math.min(rows.length, SPAN_ROWS) }, (_, at) =>
    clock.clockMs(rows.tsMsAt(at)),
  );
  const steps = given.slice(1).map((tsMs, at) => tsMs - (given[at] as number));
  let span = 0;
  for (const one of steps) {
    let step = one;
    while (step > 0) [span, step] = [step, span % step];
  }
  if (span === 0) return MINUTE_MS;
  if (span < 1_000 && !steps.includes(span)) throw offGrid(file, given, steps);
  const short = steps.findIndex((_, at) => rows.tsMsAt(at + 1) - rows.tsMsAt(at) < span);
  if (short !== -1) throw shortened(file, short + 3, rows.tsMsAt(short + 1));
  return span;
}

/** Names the first row that is not a whole number of the commonest step after the previous one. */
function offGrid(file: string, times: readonly number[], steps: readonly number[]): DataFileError {
  const counts = new Map<number, number>();
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1);
  const [usual] = [...counts].reduce((most, one) => (one[1] > most[1] ? one : most));
  const at = steps.findIndex((step) => step % usual !== 0) + 1;
  return new DataFileError({
    file,
    row: at + 2,
    column: 'ts',
    expected: `a whole number of bars of ${usual} ms after the row above`,
    found: `"${times[at]}"`,
    doThis: REPAIR,
  });
}

/** The bar of the row above lost an hour to a clock that was put forward. */
function shortened(file: string, row: number, tsMs: number): DataFileError {
  return new DataFileError({
    ...{ file, row, column: null, doThis: CLOCKS_FORWARD },
    expected: 'a bar that begins once the one above has ended',
    found: new Date(tsMs).toISOString(),
  });
}

/** 1979-07-05 in seconds, 1970-01-04 in milliseconds. */
const SECONDS_MIN = 300_000_000;
/** The year 5138 in seconds, March 1973 in milliseconds. */
const SECONDS_MAX = 100_000_000_000;

/**
 * Prices of the early seventies are daily at best, so minutes or ticks from then are recent ones, in seconds.
 */
const isInSeconds = (firstMs: number, spanMs: number): boolean =>
  firstMs >= SECONDS_MIN && firstMs < SECONDS_MAX && spanMs < DAY_MS;

function inSeconds(file: string, first: number): DataFileError {
  return new DataFileError({
    file,
    row: 2,
    column: 'ts',
    expected: 'milliseconds since 1970, UTC',
    found: `"${first}", which is ${new Date(first * 1000).toISOString()} in seconds`,
    doThis: 'Multiply each ts by 1000.',
  });
}

function noRows(file: string): DataFileError {
  return new DataFileError({
    file,
    row: null,
    column: null,
    expected: 'at least one row below the header',
    found: 'none',
    doThis: 'Give a file that has data.',
  });
}

const CHUNK_BYTES = 64 * 1024;
const LINE_CHARACTERS_MAX = 4096;
const GZIP_MAGIC = [0x1f, 0x8b];

interface LineReader {
  /** The next few lines, each with its line feed; the last one of the file may lack it. Null: end of the file. Throws `DataFileError`. */
  next(): Promise<LineBytes | null>;
  /** How many of the lines that `next` returned were read, which its errors count from. */
  row: number;
  bytes(): BytesRead;
  close(): Promise<void>;
}

/** The bytes before `end`. */
interface LineBytes {
  readonly bytes: Buffer;
  readonly end: number;
}

const LINE_FEED = 10;

/**
 * Reads the lines of a plain or gzipped text file in pieces; memory does not grow with the file. Throws
 * `DataFileError` if the file can't be opened.
 */
async function openLines(file: string): Promise<LineReader> {
  const { stream, bytes: bytesRead } = await openText(file);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  const reader: LineReader = {
    row: 0,
    next: async () => {
      while (!ended) {
        const chunk = await chunks.next().catch((cause: unknown) => {
          throw damaged(file, reader.row + 1, cause);
        });
        ended = chunk.done === true;
        const bytes = chunk.done === true ? rest : joined(rest, chunk.value);
        const end = ended ? bytes.length : bytes.lastIndexOf(LINE_FEED) + 1;
        rest = bytes.subarray(end);
        if (rest.length > LINE_CHARACTERS_MAX && rest.toString().length > LINE_CHARACTERS_MAX)
          throw tooLong(file, reader.row + linesIn(bytes, end) + 1);
        if (end > 0) return { bytes, end };
      }
      return null;
    },
    bytes: bytesRead,
    close: async () => {
      ended = true;
      stream.destroy();
    },
  };
  return reader;
}

const joined = (rest: Buffer, more: Buffer): Buffer =>
  rest.length === 0 ? more : Buffer.concat([rest, more]);

const linesIn = (bytes: Buffer, end: number): number =>
  bytes.toString('latin1', 0, end).split('\n').length - 1;

async function openText(file: string): Promise<{ readonly stream: Readable; bytes(): BytesRead }> {
  const { gzipped, size: all } = await kindOf(file);
  const raw = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  const bytes = (): BytesRead => ({ read: raw.bytesRead, all });
  if (!gzipped) return { stream: raw, bytes };
  const text = createGunzip({ chunkSize: CHUNK_BYTES });
  // An error in either stream ends the other and reaches the reader of `text`.
  pipeline(raw, text, () => {});
  return { stream: text, bytes };
}

async function kindOf(file: string): Promise<{ readonly gzipped: boolean; readonly size: number }> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new DataFileError({
      file,
      row: null,
      column: null,
      expected: 'a readable data file',
      found: messageOf(cause),
      doThis: 'Give the path of a CSV file, plain or gzipped; docs/DATA.md has the formats.',
    });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    const gzipped = bytesRead === 2 && buffer[0] === GZIP_MAGIC[0] && buffer[1] === GZIP_MAGIC[1];
    return { gzipped, size: (await handle.stat()).size };
  } catch (cause) {
    throw damaged(file, 1, cause);
  } finally {
    await handle.close();
  }
}

function damaged(file: string, row: number, cause: unknown): DataFileError {
  return new DataFileError({
    file,
    row,
    column: null,
    expected: 'the rest of the file',
    found: `a damaged file (${messageOf(cause)})`,
    doThis: 'Fetch the file again; `gzip -t FILE` says whether it is whole.',
  });
}

function tooLong(file: string, row: number): DataFileError {
  return new DataFileError({
    file,
    row,
    column: null,
    expected: `a row of at most ${LINE_CHARACTERS_MAX} characters`,
    found: 'a longer one',
    doThis: 'Check that this is a CSV file with one row a line; docs/DATA.md has the formats.',
  });
}

/** `side`: only the bid's or the ask's bars, as data vendors sell them; left out: all there is. */
export interface SidedFile {
  readonly file: string;
  readonly side?: PriceSide;
}

/** All files of one instrument as one recording. Throws `DataFileError`; no file stays open then. */
export async function openRecording(files: readonly SidedFile[], instrument: Counted): Promise<RecordedFile> {
  const of = (side: PriceSide | undefined): readonly string[] =>
    files.filter((one) => one.side === side).map(({ file }) => file);
  const [bids, asks, others] = [of('bid'), of('ask'), of(undefined)];
  if (bids.length + asks.length === 0) return openJoinedFiles(others, instrument);
  const { symbol } = instrument;
  if (bids.length === 0 || asks.length === 0 || others.length > 0) {
    const lacking = bids.length === 0 ? 'bid' : 'ask';
    const isLacking = others.length === 0;
    throw new DataFileError({
      ...{ file: (files[0] as SidedFile).file, row: null, column: null },
      expected: `files of both sides of ${symbol}, and no others of it`,
      found: isLacking ? `none of the ${lacking}` : `one of neither side, ${others[0]}`,
      doThis: isLacking
        ? `Add --data ${symbol}:${lacking}=FILE.`
        : `Write --data ${symbol}:bid=FILE --data ${symbol}:ask=FILE, or leave it out.`,
    });
  }
  const bid = await openJoinedFiles(bids, instrument);
  const opened = [bid];
  try {
    const ask = await openJoinedFiles(asks, instrument);
    opened.push(ask);
    for (const one of opened) {
      if (one.format === 'bars' && one.spanMs === bid.spanMs) continue;
      throw new DataFileError({
        ...{ file: one.place().file, row: null, column: null },
        expected: one === bid ? 'bars of the bid' : `${described('bars', bid.spanMs)}, as of the bid`,
        found: described(one.format, one.spanMs),
        doThis: 'Each side is a file of bars, `ts,open,high,low,close,volume`; both have bars of one length.',
      });
    }
    return new BothSides(bid, ask, instrument);
  } catch (error) {
    for (const one of opened) await one.close();
    throw error;
  }
}

/** The bars of one side that were read and not yet paired. */
class SideRows {
  #rows: RecordedRows | null = null;
  #at = 0;
  #head: BarRow | null = null;
  #first: RowPlace;

  constructor(readonly from: RecordedFile) {
    this.#first = from.place();
  }

  /** Null: the next ones have to be read first, or the side has ended. */
  get head(): BarRow | null {
    return this.#head;
  }

  async fill(): Promise<void> {
    while (this.head === null) {
      const more = await this.from.next();
      if (more === null) return;
      this.#rows = more;
      this.#first = this.from.place();
      this.#moveTo(0);
    }
  }

  shift(): void {
    this.#moveTo(this.#at + 1);
  }

  #moveTo(place: number): void {
    this.#at = place;
    const isThere = this.#rows !== null && place < this.#rows.length;
    this.#head = isThere ? (this.#rows?.rowAt(place) as BarRow) : null;
  }

  /** Of the head. */
  place(): RowPlace {
    const { file, row } = this.#first;
    return { file, row: row + this.#at };
  }
}

/** Bars of the bid and bars of the ask, from files of their own, as bars of both. */
class BothSides implements RecordedFile {
  readonly format = 'bidAskBars';
  readonly spanMs: number;
  readonly firstMs: number;
  readonly firstShownMs: number;
  readonly #bid: SideRows;
  readonly #ask: SideRows;
  readonly #tickSize: string;
  #place: RowPlace;

  constructor(bid: RecordedFile, ask: RecordedFile, { tickSize }: Counted) {
    this.spanMs = bid.spanMs;
    this.firstMs = bid.firstMs;
    this.firstShownMs = bid.firstShownMs;
    this.#bid = new SideRows(bid);
    this.#ask = new SideRows(ask);
    this.#tickSize = tickSize;
    this.#place = bid.place();
  }

  async next(): Promise<RecordedRows | null> {
    await this.#bid.fill();
    await this.#ask.fill();
    if (this.#bid.head === null && this.#ask.head === null) return null;
    this.#place = this.#bid.place();
    const rows: BidAskBarRow[] = [];
    do {
      rows.push(this.#paired(this.#bid.head, this.#ask.head));
      this.#bid.shift();
      this.#ask.shift();
    } while (this.#bid.head !== null && this.#ask.head !== null);
    return new ListedRows(rows);
  }

  place(): RowPlace {
    return this.#place;
  }

  bytes(): BytesRead {
    const [bid, ask] = [this.#bid.from.bytes(), this.#ask.from.bytes()];
    return { read: bid.read + ask.read, all: bid.all + ask.all };
  }

  async close(): Promise<void> {
    await this.#bid.from.close();
    await this.#ask.from.close();
  }

  #paired(bid: BarRow | null, ask: BarRow | null): BidAskBarRow {
    if (bid === null || ask === null || bid.tsMs !== ask.tsMs) throw this.#unpaired(bid, ask);
    const crossed = crossedPrice(bid, ask);
    if (crossed !== null) {
      const { file, row } = this.#bid.place();
      const price = (of: BarRow): string => formatDecimal(of[`${crossed}Ticks`], this.#tickSize);
      throw new DataFileError({
        ...{ ...this.#ask.place(), column: crossed },
        expected: `at least the bid of ${price(bid)}, row ${row} of ${file}`,
        found: `"${price(ask)}"`,
        doThis: 'Check which file is of which side; otherwise take the bar out of both.',
      });
    }
    // What the two sides count is no volume of trades.
    return { format: 'bidAskBars', tsMs: bid.tsMs, bid, ask, volumeLots: Number.NaN };
  }

  #unpaired(bid: BarRow | null, ask: BarRow | null): DataFileError {
    const lacksAsk = ask === null || (bid !== null && bid.tsMs < ask.tsMs);
    const [has, lacks] = lacksAsk ? [this.#bid, this.#ask] : [this.#ask, this.#bid];
    const { file, row } = has.place();
    return new DataFileError({
      ...{ ...lacks.place(), column: 'ts' },
      expected: `a bar of ${iso(has.head?.tsMs ?? 0)}, as in row ${row} of ${file}`,
      found: lacks.head === null ? 'the end of the file' : `one of ${iso(lacks.head.tsMs)}`,
      doThis: 'Both sides need the same bars: add what one of them lacks, or take it out of the other.',
    });
  }
}

/** A month each, for a hundred years. */
const FILES_MAX = 1_200;

/** A file by its first rows. */
interface Part extends Pick<RecordedFile, 'format' | 'spanMs' | 'firstMs' | 'firstShownMs'> {
  readonly file: string;
  readonly bytes: number;
}

/**
 * Joins several recorded files of one instrument, for example one per month. Sorts the files by their first
 * rows. Each must end before the next one begins, and all must have the same format. One file is open at a
 * time. Throws `DataFileError`; no file stays open then.
 */
async function openJoinedFiles(files: readonly string[], instrument: Counted): Promise<RecordedFile> {
  const [one, ...others] = files;
  if (one !== undefined && others.length === 0) return openRecordedFile(one, instrument);
  if (files.length > FILES_MAX)
    throw problem(files[FILES_MAX] as string, `at most ${FILES_MAX} files of one symbol`, `${files.length}`);
  const parts: Part[] = [];
  for (const file of files) parts.push(await partOf(file, instrument));
  parts.sort((a, b) => a.firstMs - b.firstMs);
  for (const part of parts.slice(1)) checkFormat(part, parts[0] as Part);
  return new JoinedFiles(parts as [Part, ...Part[]], instrument);
}

async function partOf(file: string, instrument: Counted): Promise<Part> {
  const rows = await openRecordedFile(file, instrument);
  const { format, spanMs, firstMs, firstShownMs } = rows;
  const bytes = rows.bytes().all;
  await rows.close();
  return { file, format, spanMs, firstMs, firstShownMs, bytes };
}

class JoinedFiles implements RecordedFile {
  readonly format: RecordedFormat;
  readonly spanMs: number;
  readonly firstMs: number;
  readonly firstShownMs: number;
  readonly #parts: readonly Part[];
  readonly #instrument: Counted;
  readonly #bytes: number;
  #at = 0;
  /** The part at `#at`, while it is read. */
  #open: RecordedFile | null = null;
  /** Time of the last row. */
  #lastMs: number | null = null;
  #place: RowPlace;
  /** Of the parts before `#at`. */
  #bytesBefore = 0;
  #closed = false;

  constructor(parts: readonly [Part, ...Part[]], instrument: Counted) {
    const [{ format, spanMs, firstMs, firstShownMs }] = parts;
    this.format = format;
    this.spanMs = spanMs;
    this.firstMs = firstMs;
    this.firstShownMs = firstShownMs;
    this.#parts = parts;
    this.#place = { file: parts[0].file, row: 2 };
    this.#instrument = instrument;
    this.#bytes = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async next(): Promise<RecordedRows | null> {
    for (let part = this.#parts[this.#at]; part !== undefined; part = this.#parts[this.#at]) {
      this.#open ??= await openRecordedFile(part.file, this.#instrument);
      if (this.#closed) break;
      const rows = await this.#open.next();
      if (rows !== null) {
        if (rows.length > 0) this.#lastMs = rows.tsMsAt(rows.length - 1);
        this.#place = this.#open.place();
        return rows;
      }
      await this.#closePart();
      this.#at += 1;
      this.#bytesBefore += part.bytes;
      const following = this.#parts[this.#at];
      if (following !== undefined && this.#lastMs !== null) checkOrder(part.file, this.#lastMs, following);
    }
    await this.#closePart();
    return null;
  }

  place(): RowPlace {
    return this.#place;
  }

  bytes(): BytesRead {
    return { read: this.#bytesBefore + (this.#open?.bytes().read ?? 0), all: this.#bytes };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#closePart();
  }

  async #closePart(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.close();
  }
}

function checkFormat(part: Part, first: Part): void {
  const { format, spanMs, firstShownMs } = first;
  const fits = part.format === format && part.spanMs === spanMs;
  if (!fits || (spanMs > 0 && (part.firstShownMs - firstShownMs) % spanMs !== 0))
    throw problem(
      part.file,
      `${described(format, spanMs)}, as in ${first.file}`,
      described(part.format, part.spanMs),
    );
}

function checkOrder(file: string, lastMs: number, following: Part): void {
  if (following.firstMs > lastMs) return;
  const [begins, ends] = [following.firstMs, lastMs].map((ms) => new Date(ms).toISOString());
  throw problem(following.file, `rows after the last one of ${file}, ${ends}`, `a first one of ${begins}`);
}

const described = (format: string, spanMs: number): string =>
  spanMs === 0 ? format : `${format === 'bidAskBars' ? 'bid and ask bars' : 'bars'} of ${spanMs / 1000} s`;

function problem(file: string, expected: string, found: string): DataFileError {
  const doThis =
    'Files of one symbol follow each other: leave out what overlaps, or what is in another format.';
  return new DataFileError({ file, row: null, column: null, expected, found, doThis });
}
