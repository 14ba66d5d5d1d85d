/** Checks recorded files before anything is started on them. */
import type { Instrument } from '../../domain/instrument.js';
import { DataFileError } from './data-file-error.js';
import { openJoinedFiles } from './recorded-file.js';

/** Rows of each file that are checked beforehand (a few seconds); later ones are checked as they are read. */
const ROWS_CHECKED_MAX = 1_000_000;

export interface RecordingRequest {
  /** Null: the desk's first instrument. */
  readonly symbol: string | null;
  readonly file: string;
}

/**
 * Which instrument each file belongs to. Throws `DataFileError` for an unknown symbol or a file that is given twice.
 */
export function assignInstruments(
  requests: readonly RecordingRequest[],
  instruments: readonly Instrument[],
): readonly { readonly file: string; readonly instrument: Instrument }[] {
  const taken = new Set<string>();
  return requests.map(({ symbol, file }) => {
    const instrument =
      symbol === null ? instruments[0] : instruments.find((known) => known.symbol === symbol);
    if (!instrument) {
      const known = instruments.map((each) => each.symbol).join(', ');
      throw wholeFile(file, `one of the desk's instruments (${known})`, String(symbol));
    }
    const named = `${instrument.symbol} ${file}`;
    if (taken.has(named)) throw wholeFile(file, `each file of ${instrument.symbol} once`, 'it twice');
    taken.add(named);
    return { file, instrument };
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
  let endMs = 0;
  for (const { files, instrument } of filesByInstrument(assignInstruments(requests, instruments))) {
    const rows = await openJoinedFiles(files, instrument);
    try {
      const { firstMs } = rows;
      let lastMs = firstMs;
      let some: Awaited<ReturnType<typeof rows.next>> = [];
      for (let checked = 0; some !== null && checked < rowsMax * files.length; checked += some?.length ?? 0) {
        some = await rows.next();
        lastMs = some?.at(-1)?.tsMs ?? lastMs;
      }
      const { read, all } = rows.bytes();
      endMs = Math.max(endMs, some === null ? lastMs : firstMs + (lastMs - firstMs) * (all / read));
    } finally {
      await rows.close();
    }
  }
  return endMs;
}

/** Instruments in the order in which they first appear. */
export function filesByInstrument<T extends { readonly file: string; readonly instrument: Instrument }>(
  assigned: readonly T[],
): readonly { readonly files: readonly string[]; readonly instrument: Instrument; readonly first: T }[] {
  const groups = new Map<string, T[]>();
  for (const one of assigned) {
    const { symbol } = one.instrument;
    groups.set(symbol, [...(groups.get(symbol) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const first = group[0] as T;
    return { files: group.map(({ file }) => file), instrument: first.instrument, first };
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
