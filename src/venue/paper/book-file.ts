/**
 * The paper venue's book on disk: one line per record, `<crc32 of the JSON, 8 hex> <number> <JSON>`. Appends
 * are grouped and synced; a torn last line is cut off at the next start. When the file has grown, it is
 * rewritten from the current state, so its size stays bounded.
 */
import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import type { BookRecord } from './book-record.js';

const writeAsync = promisify(write);
const syncAsync = promisify(fdatasync);

export const BOOK_FILE = 'book.jsonl';
const NEXT_FILE = 'book.jsonl.next';
/** The file is rewritten when it has grown by this much since the last rewrite. */
const GROWTH_BYTES_MAX = 1024 * 1024;
const LINE = /^([0-9a-f]{8}) (\d+) (.*)$/;

export class PaperBookCorrupt extends Error {
  override readonly name = 'PaperBookCorrupt';
}

/** What a book is written to. */
export interface BookLog {
  /**
   * Resolves once the record is on disk. After one failure every append fails: only a restart can tell what
   * was saved.
   */
  append(record: BookRecord): Promise<void>;
  /** Resolves once everything appended so far is on disk. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}

/** A book that ends with its process: for a venue made up by a test. */
export const IN_MEMORY: BookLog = {
  append: async () => undefined,
  flushed: async () => undefined,
  close: async () => undefined,
};

interface NumberedRecord {
  readonly number: number;
  readonly record: BookRecord;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly done: () => void;
  readonly failed: (cause: Error) => void;
}

/** Records of the book, oldest first; empty if there is no book. Throws `PaperBookCorrupt`. Cuts off a torn end. */
export function readBook(directory: string): readonly NumberedRecord[] {
  rmSync(join(directory, NEXT_FILE), { force: true });
  const path = join(directory, BOOK_FILE);
  const bytes = readIfThere(path);
  const records: NumberedRecord[] = [];
  let goodBytes = 0;
  while (goodBytes < bytes.length) {
    const end = bytes.indexOf(0x0a, goodBytes);
    const record = end < 0 ? null : decode(bytes.toString('utf8', goodBytes, end));
    if (record === null) break;
    records.push(record);
    goodBytes = end + 1;
  }
  if (goodBytes < bytes.length) cutTornEnd(path, bytes, goodBytes, records.length + 1);
  return records;
}

export class BookFile implements BookLog {
  #descriptor: number;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | null = null;
  #bytes = 0;
  #rewriteAtBytes = GROWTH_BYTES_MAX;
  #fault: Error | null = null;
  #number: number;

  /** `state`: the record that a rewritten file begins with. `number`: the last record's number so far. */
  constructor(
    private readonly directory: string,
    number: number,
    private readonly state: () => BookRecord,
    private readonly onFault: (cause: Error) => void,
  ) {
    this.#number = number;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#descriptor = this.#rewrite();
    syncDirectory(directory);
  }

  append(record: BookRecord): Promise<void> {
    if (this.#fault) return Promise.reject(this.#fault);
    this.#number += 1;
    const bytes = encode(this.#number, record);
    const written = new Promise<void>((done, failed) => this.#waiting.push({ bytes, done, failed }));
    this.#draining ??= this.#drain();
    return written;
  }

  async flushed(): Promise<void> {
    if (this.#draining) await this.#draining;
    if (this.#fault) throw this.#fault;
  }

  async close(): Promise<void> {
    if (this.#draining) await this.#draining;
    this.#fault ??= new Error('the paper book is closed');
    closeSync(this.#descriptor);
  }

  async #drain(): Promise<void> {
    // Waits one microtask, so that orders sent together share a sync.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#writeBatch(Buffer.concat(batch.map(({ bytes }) => bytes)));
        for (const { done } of batch) done();
      } catch (cause) {
        this.#fail(cause as Error, [...batch, ...this.#waiting]);
      }
    }
    this.#draining = null;
  }

  async #writeBatch(bytes: Buffer): Promise<void> {
    for (let offset = 0; offset < bytes.length; )
      offset += (await writeAsync(this.#descriptor, bytes, offset, bytes.length - offset, null)).bytesWritten;
    await syncAsync(this.#descriptor);
    this.#bytes += bytes.length;
    if (this.#bytes < this.#rewriteAtBytes) return;
    const old = this.#descriptor;
    try {
      this.#descriptor = this.#rewrite();
    } catch {
      // The disk has no room for a second copy: the old file is intact and may grow for a while.
      this.#rewriteAtBytes = this.#bytes + GROWTH_BYTES_MAX;
      return;
    }
    closeSync(old);
    // The new file already has the old one's name: if that may not last, nothing more can be promised.
    syncDirectory(this.directory);
  }

  #fail(cause: Error, batch: readonly Waiting[]): void {
    this.#fault = cause;
    this.#waiting = [];
    for (const { failed } of batch) failed(cause);
    this.onFault(cause);
  }

  /**
   * Replaces the file with the current state, which is synced before it takes the old file's place; the folder is not
   * synced yet. Returns the new descriptor.
   */
  #rewrite(): number {
    const next = join(this.directory, NEXT_FILE);
    const descriptor = openSync(next, 'w', 0o600);
    try {
      const bytes = encode(this.#number, this.state());
      for (let offset = 0; offset < bytes.length; ) offset += writeSync(descriptor, bytes, offset);
      fsyncSync(descriptor);
      renameSync(next, join(this.directory, BOOK_FILE));
      this.#bytes = bytes.length;
      this.#rewriteAtBytes = bytes.length + GROWTH_BYTES_MAX;
      return descriptor;
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }
}

function encode(number: number, record: BookRecord): Buffer {
  const body = `${number} ${JSON.stringify(record)}`;
  return Buffer.from(`${crc32(body).toString(16).padStart(8, '0')} ${body}\n`);
}

function decode(line: string): NumberedRecord | null {
  const match = LINE.exec(line);
  if (!match) return null;
  const [, sum, number, json] = match as unknown as [string, string, string, string];
  if (crc32(`${number} ${json}`) !== Number.parseInt(sum, 16)) return null;
  return { number: Number(number), record: JSON.parse(json) as BookRecord };
}

/** A bad line followed by a good one is damage, not a torn end; guessing would lose orders. */
function cutTornEnd(path: string, bytes: Buffer, goodBytes: number, line: number): void {
  const after = bytes.toString('utf8', goodBytes).split('\n').slice(1);
  if (after.some((text) => decode(text) !== null)) {
    throw new PaperBookCorrupt(
      `${path}, line ${line}: the line is damaged, and good ones follow it. The file was left as it is and nothing was ` +
        'traded. Restore it from a backup, or archive it and begin with a new paper book: fermata paper reset.',
    );
  }
  const descriptor = openSync(path, 'r+');
  try {
    ftruncateSync(descriptor, goodBytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
