/** Several recorded files of one instrument as one, for example one for each month. */
import type { Instrument } from '../../domain/instrument.js';
import { DataFileError } from './data-file-error.js';
import { openRecordedFile, type RecordedFile } from './recorded-file.js';
import type { RecordedRow } from './row-parser.js';

/** All of them are opened at the start. */
const FILES_MAX = 64;

interface Part {
  readonly file: string;
  readonly rows: RecordedFile;
}

/**
 * Sorts the files by their first rows. Each must end before the next one begins, and all must have the same format.
 * Throws `DataFileError`; no file stays open then.
 */
export async function openJoinedFiles(
  files: readonly string[],
  instrument: Instrument,
): Promise<RecordedFile> {
  const [one, ...others] = files;
  if (one !== undefined && others.length === 0) return openRecordedFile(one, instrument);
  if (files.length > FILES_MAX)
    throw problem(files[FILES_MAX] as string, `at most ${FILES_MAX} files of one symbol`, `${files.length}`);
  const parts: Part[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(parts.map(({ rows }) => rows.close()));
  };
  try {
    for (const file of files) parts.push({ file, rows: await openRecordedFile(file, instrument) });
    parts.sort((a, b) => a.rows.firstMs - b.rows.firstMs);
    for (const part of parts.slice(1)) checkFormat(part, parts[0] as Part);
  } catch (error) {
    await close();
    throw error;
  }
  return joined(parts, close);
}

function joined(parts: readonly Part[], close: () => Promise<void>): RecordedFile {
  const [{ rows: first }] = parts as readonly [Part, ...Part[]];
  let at = 0;
  let last: RecordedRow | null = null;
  const next = async (): Promise<readonly RecordedRow[] | null> => {
    for (; at < parts.length; at += 1) {
      const part = parts[at] as Part;
      const rows = await part.rows.next();
      if (rows === null) {
        const following = parts[at + 1];
        if (following !== undefined && last !== null) checkOrder(part.file, last, following);
        continue;
      }
      last = rows.at(-1) ?? last;
      return rows;
    }
    return null;
  };
  const { format, spanMs, firstMs } = first;
  return { format, spanMs, firstMs, next, close };
}

function checkFormat({ file, rows }: Part, first: Part): void {
  const { format, spanMs, firstMs } = first.rows;
  const fits = rows.format === format && rows.spanMs === spanMs;
  if (!fits || (spanMs > 0 && (rows.firstMs - firstMs) % spanMs !== 0))
    throw problem(
      file,
      `${described(format, spanMs)}, as in ${first.file}`,
      described(rows.format, rows.spanMs),
    );
}

function checkOrder(file: string, last: RecordedRow, following: Part): void {
  if (following.rows.firstMs > last.tsMs) return;
  const [begins, ends] = [following.rows.firstMs, last.tsMs].map((ms) => new Date(ms).toISOString());
  throw problem(following.file, `rows after the last one of ${file}, ${ends}`, `a first one of ${begins}`);
}

const described = (format: string, spanMs: number): string =>
  spanMs === 0 ? format : `bars of ${spanMs / 1000} s`;

function problem(file: string, expected: string, found: string): DataFileError {
  const doThis =
    'Files of one symbol follow each other: leave out what overlaps, or what is in another format.';
  return new DataFileError({ file, row: null, column: null, expected, found, doThis });
}
