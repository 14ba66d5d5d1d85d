/** Looks at recorded files before anything is started on them. */
import type { Instrument } from '../../domain/instrument.js';
import { DataFileError } from './data-file-error.js';
import { openRecordedFile } from './recorded-file.js';

/** Rows checked beforehand in each file (a few seconds); those after it are checked as they flow. */
const ROWS_CHECKED_MAX = 1_000_000;

export interface RecordingRequest {
  /** Null: the desk's first instrument. */
  readonly symbol: string | null;
  readonly file: string;
}

/** Which instrument each file belongs to. Throws `DataFileError` for an unknown or a repeated symbol. */
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
    if (taken.has(instrument.symbol)) {
      throw wholeFile(file, 'one file for each instrument', `a second one for ${instrument.symbol}`);
    }
    taken.add(instrument.symbol);
    return { file, instrument };
  });
}

/** Reads and checks the files, at most `ROWS_CHECKED_MAX` rows of each. Throws `DataFileError` for the first problem. */
export async function checkRecording(
  requests: readonly RecordingRequest[],
  instruments: readonly Instrument[],
): Promise<void> {
  for (const { file, instrument } of assignInstruments(requests, instruments)) {
    const rows = await openRecordedFile(file, instrument);
    try {
      for (let checked = 0; checked < ROWS_CHECKED_MAX; ) {
        const some = await rows.next();
        if (some === null) break;
        checked += some.length;
      }
    } finally {
      await rows.close();
    }
  }
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
