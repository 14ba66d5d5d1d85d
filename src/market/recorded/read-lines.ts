/** Reads the lines of a plain or gzipped text file in pieces; memory does not grow with the file. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../domain/message-of.js';
import { DataFileError } from './data-file-error.js';

const CHUNK_BYTES = 64 * 1024;
const LINE_CHARACTERS_MAX = 4096;
const GZIP_MAGIC = [0x1f, 0x8b];

export interface LineReader {
  /** The next few lines without their line ends. Null: end of the file. Throws `DataFileError`. */
  next(): Promise<readonly string[] | null>;
  close(): Promise<void>;
}

/** Throws `DataFileError` if the file can't be opened. */
export async function openLines(file: string): Promise<LineReader> {
  const stream = await openText(file);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<string>;
  let rest = '';
  let row = 0;
  let ended = false;
  const next = async (): Promise<readonly string[] | null> => {
    for (;;) {
      if (ended) return null;
      const chunk = await chunks.next().catch((cause: unknown) => {
        throw damaged(file, row + 1, cause);
      });
      const lines = (rest + (chunk.done ? '' : chunk.value)).split('\n');
      ended = chunk.done === true;
      rest = ended ? '' : (lines.pop() as string);
      if (ended && lines.at(-1) === '') lines.pop();
      if (rest.length > LINE_CHARACTERS_MAX) throw tooLong(file, row + lines.length + 1);
      row += lines.length;
      if (lines.length > 0) return lines;
    }
  };
  const close = async (): Promise<void> => {
    ended = true;
    stream.destroy();
  };
  return { next, close };
}

async function openText(file: string): Promise<Readable> {
  const gzipped = await startsAsGzip(file);
  const bytes = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  if (!gzipped) return bytes.setEncoding('utf8');
  const text = createGunzip({ chunkSize: CHUNK_BYTES });
  // An error of either stream ends the other one and reaches the reader of `text`.
  pipeline(bytes, text, () => {});
  return text.setEncoding('utf8');
}

async function startsAsGzip(file: string): Promise<boolean> {
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
    return bytesRead === 2 && buffer[0] === GZIP_MAGIC[0] && buffer[1] === GZIP_MAGIC[1];
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
