/** One recorded file, row by row. */

import { MINUTE_MS } from '../../domain/civil-date.js';
import type { Instrument } from '../../domain/instrument.js';
import { DataFileError } from './data-file-error.js';
import { type LineReader, openLines } from './read-lines.js';
import { detectFormat, type RecordedFormat, type RecordedRow, RowParser } from './row-parser.js';

/** Rows read to find the length of the bars. */
const SPAN_ROWS = 200;

export interface RecordedFile {
  readonly format: RecordedFormat;
  /** Length of one bar; 0 for quotes and trades. */
  readonly spanMs: number;
  /** Time of the first row. */
  readonly firstMs: number;
  /** The next few rows. Null: end of the file. Throws `DataFileError`. */
  next(): Promise<readonly RecordedRow[] | null>;
  close(): Promise<void>;
}

/** Opens the file and checks its first rows. Throws `DataFileError`. */
export async function openRecordedFile(file: string, instrument: Instrument): Promise<RecordedFile> {
  const lines = await openLines(file);
  try {
    return await begin(file, instrument, lines);
  } catch (error) {
    await lines.close();
    throw error;
  }
}

async function begin(file: string, instrument: Instrument, lines: LineReader): Promise<RecordedFile> {
  const [header, ...others] = (await lines.next()) ?? [];
  const format = detectFormat(file, header);
  const parser = new RowParser(file, format, instrument);
  const first = others.map((line) => parser.parse(line));
  while (first.length < SPAN_ROWS) {
    const more = await lines.next();
    if (more === null) break;
    for (const line of more) first.push(parser.parse(line));
  }
  const [{ tsMs: firstMs } = { tsMs: 0 }] = first;
  if (first.length === 0) throw noRows(file);
  const spanMs = format === 'bars' ? barSpan(first) : 0;
  let ready: readonly RecordedRow[] | null = first;
  const next = async (): Promise<readonly RecordedRow[] | null> => {
    if (ready) {
      const rows = ready;
      ready = null;
      return rows;
    }
    const more = await lines.next();
    return more === null ? null : more.map((line) => onGrid(parser.parse(line), first[0], spanMs, parser));
  };
  return { format, spanMs, firstMs, next, close: () => lines.close() };
}

/** The largest span that divides all steps between the first rows; one minute for a single row. */
function barSpan(rows: readonly RecordedRow[]): number {
  let span = 0;
  for (let index = 1; index < rows.length; index += 1) {
    let step = (rows[index] as RecordedRow).tsMs - (rows[index - 1] as RecordedRow).tsMs;
    while (step > 0) [span, step] = [step, span % step];
  }
  return span === 0 ? MINUTE_MS : span;
}

function onGrid(
  row: RecordedRow,
  first: RecordedRow | undefined,
  spanMs: number,
  parser: RowParser,
): RecordedRow {
  if (spanMs > 0 && first && (row.tsMs - first.tsMs) % spanMs !== 0) {
    parser.refuse('ts', `a whole number of bars of ${spanMs} ms after the first row`, String(row.tsMs));
  }
  return row;
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
