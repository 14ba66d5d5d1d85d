/** Checks recorded files before anything is started on them. */
import type { Instrument } from '../../domain/instrument.js';
import { DataFileError } from './data-file-error.js';
import { openRecording, type RecordedFile, type SidedFile } from './recorded-file.js';
import type { RecordedFormat } from './row-layout.js';
import type { RecordedRows } from './row-parser.js';

/** Rows of each file that are checked beforehand (a few seconds); later ones are checked as they are read. */
const ROWS_CHECKED_MAX = 1_000_000;
/** Bars of all files together that are kept from the check for the run, 48 bytes each: of one file, all that are checked. */
const ROWS_KEPT_MAX = 1_100_000;

export interface RecordingRequest extends SidedFile {
  /** Null: the desk's first instrument. */
  readonly symbol: string | null;
}

/**
 * Each with the symbol that it is of. By the desk file's instruments, then by path: prices of the same time reach
 * strategies in this order, so nothing may depend on the order in which somebody wrote the options.
 */
export function inDeskOrder<T extends RecordingRequest>(
  requests: readonly T[],
  instruments: readonly Pick<Instrument, 'symbol'>[],
): readonly (T & { readonly symbol: string })[] {
  const places = new Map(instruments.map(({ symbol }, at) => [symbol, at]));
  const place = ({ symbol }: { readonly symbol: string }): number => places.get(symbol) ?? -1;
  const byPath = (one: T, other: T): number => (one.file < other.file ? -1 : Number(one.file > other.file));
  return requests
    .map((request) => ({ ...request, symbol: request.symbol ?? instruments[0]?.symbol ?? '' }))
    .toSorted((one, other) => place(one) - place(other) || byPath(one, other));
}

/**
 * Which instrument each file belongs to, in the order of the desk file. Throws `DataFileError` for an unknown symbol or a file that is given twice.
 */
export function assignInstruments(
  requests: readonly RecordingRequest[],
  instruments: readonly Instrument[],
): readonly (SidedFile & { readonly instrument: Instrument })[] {
  const taken = new Set<string>();
  return inDeskOrder(requests, instruments).map(({ symbol, file, side }) => {
    const instrument = instruments.find((known) => known.symbol === symbol);
    if (!instrument) {
      const known = instruments.map((each) => each.symbol).join(', ');
      throw wholeFile(file, `one of the desk's instruments (${known})`, symbol);
    }
    const named = `${instrument.symbol} ${file}`;
    if (taken.has(named)) throw wholeFile(file, `each file of ${instrument.symbol} once`, 'it twice');
    taken.add(named);
    return { file, instrument, ...(side === undefined ? {} : { side }) };
  });
}

/**
 * Reads and checks the files, at most `rowsMax` rows of each. Returns the time of the last row of all; if a
 * file has more rows, an estimate as if the rest were like the rows read. Throws `DataFileError` for the
 * first problem.
 */
export async function checkRecording(
  requests: readonly RecordingRequest[],
  instruments: readonly Instrument[],
  rowsMax = ROWS_CHECKED_MAX,
): Promise<number> {
  const { endMs } = await openChecked(assignInstruments(requests, instruments), { rowsMax, keptMax: 0 });
  return endMs;
}

type OpenRecording = Pick<RecordedFile, 'format' | 'spanMs' | 'next' | 'close'>;

/** The files of one instrument. */
export interface InstrumentFiles<T> {
  readonly files: readonly T[];
  readonly instrument: Instrument;
  readonly first: T;
  /** What was read of them and kept, then the rest. Left out: nothing was kept, and they are not open. */
  readonly opened?: OpenRecording;
}

/**
 * The same for whoever reads them afterwards: bars that were read are kept, `keptMax` of all files together, so that none
 * of these is read twice. Throws `DataFileError`; no file stays open then.
 */
export async function openChecked<T extends SidedFile & { readonly instrument: Instrument }>(
  assigned: readonly T[],
  { rowsMax = ROWS_CHECKED_MAX, keptMax = ROWS_KEPT_MAX } = {},
): Promise<{ readonly endMs: number; readonly recordings: readonly InstrumentFiles<T>[] }> {
  let endMs = 0;
  let mayKeep = keptMax;
  const recordings: InstrumentFiles<T>[] = [];
  try {
    for (const one of filesByInstrument(assigned)) {
      const rows = await openRecording(one.files, one.instrument);
      let opened: OpenRecording | null = null;
      try {
        const kept = rows.format === 'bars' ? [] : null;
        const { lastMs, isWhole, count } = await readAhead(rows, rowsMax * one.files.length, kept, mayKeep);
        const { firstMs } = rows;
        const { read, all } = rows.bytes();
        endMs = Math.max(endMs, isWhole ? lastMs : firstMs + (lastMs - firstMs) * (all / read));
        if (kept !== null && count <= mayKeep) {
          mayKeep -= count;
          opened = withKept(rows, kept);
        }
      } finally {
        if (opened === null) await rows.close();
      }
      recordings.push(opened === null ? one : { ...one, opened });
    }
    return { endMs, recordings };
  } catch (error) {
    for (const { opened } of recordings) await opened?.close();
    throw error;
  }
}

/** `kept`: gets the rows, as long as there are no more than `keptMax`. */
async function readAhead(
  rows: RecordedFile,
  rowsMax: number,
  kept: RecordedRows[] | null,
  keptMax: number,
): Promise<{ readonly lastMs: number; readonly isWhole: boolean; readonly count: number }> {
  let lastMs = rows.firstMs;
  let count = 0;
  while (count < rowsMax) {
    const some = await rows.next();
    if (some === null) return { lastMs, isWhole: true, count };
    count += some.length;
    if (some.length > 0) lastMs = some.tsMsAt(some.length - 1);
    if (count <= keptMax) kept?.push(some);
    else kept?.splice(0);
  }
  return { lastMs, isWhole: false, count };
}

function withKept(rows: RecordedFile, kept: RecordedRows[]): OpenRecording {
  let at = 0;
  return {
    ...{ format: rows.format, spanMs: rows.spanMs },
    next: async () => {
      const some = kept[at];
      if (some === undefined) return rows.next();
      delete kept[at];
      at += 1;
      return some;
    },
    close: () => rows.close(),
  };
}

export interface RecordingRead {
  readonly symbol: string;
  readonly format: RecordedFormat;
  /** Length of one bar; 0: there are no bars. */
  readonly spanMs: number;
  readonly rows: number;
  readonly firstMs: number;
  /** End of the last bar, or time of the last row. */
  readonly endMs: number;
  /** Between bars that do not adjoin; the market may have been closed, or quiet. */
  readonly gaps: readonly { readonly fromMs: number; readonly untilMs: number }[];
}

/** Reads every row of one instrument's files. Throws `DataFileError` for the first problem. */
export async function readRecording(
  files: readonly SidedFile[],
  instrument: Instrument,
): Promise<RecordingRead> {
  const rows = await openRecording(files, instrument);
  try {
    const { format, spanMs, firstMs } = rows;
    const gaps: { fromMs: number; untilMs: number }[] = [];
    let count = 0;
    let endMs = firstMs;
    for (let some = await rows.next(); some !== null; some = await rows.next()) {
      count += some.length;
      for (let place = 0; place < some.length; place += 1) {
        const tsMs = some.tsMsAt(place);
        if (spanMs > 0 && tsMs > endMs) gaps.push({ fromMs: endMs, untilMs: tsMs });
        endMs = tsMs + spanMs;
      }
    }
    return { symbol: instrument.symbol, format, spanMs, rows: count, firstMs, endMs, gaps };
  } finally {
    await rows.close();
  }
}

export function filesByInstrument<T extends SidedFile & { readonly instrument: Instrument }>(
  assigned: readonly T[],
): readonly InstrumentFiles<T>[] {
  const groups = new Map<string, T[]>();
  for (const one of assigned) {
    const { symbol } = one.instrument;
    groups.set(symbol, [...(groups.get(symbol) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const first = group[0] as T;
    return { files: group, instrument: first.instrument, first };
  });
}

function wholeFile(file: string, expected: string, found: string): DataFileError {
  return new DataFileError({
    file,
    row: null,
    column: null,
    expected,
    found,
    doThis: 'Write --data SYMBOL=FILE with a symbol of the desk file.',
  });
}
