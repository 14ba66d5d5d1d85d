/** A disk that fails just when the paper venue's book has been rewritten. */
import fs, { mkdtempSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { BookFile, readBook } from '../../src/venue/paper/book-file.js';
import type { BookRecord } from '../../src/venue/paper/book-record.js';

/** From now on until the test ends, no folder can be synced. */
function failFolders(): void {
  const sync = fs.fsyncSync;
  const set = (fsyncSync: typeof sync): void => {
    fs.fsyncSync = fsyncSync;
    syncBuiltinESMExports();
  };
  set((descriptor) => {
    if (fs.fstatSync(descriptor).isDirectory()) throw new Error('EIO: i/o error, fsync');
    sync(descriptor);
  });
  onTestFinished(() => set(sync));
}

it('has at the next start all that was acknowledged, where the rewritten file could not be made durable', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'paper-book-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const faults: string[] = [];
  const record = (bookId: string) => ({ type: 'state', state: { bookId } }) as unknown as BookRecord;
  const file = new BookFile(
    directory,
    0,
    () => record('now'),
    ({ message }) => faults.push(message),
  );
  failFolders();
  let acknowledged = 0;
  // The first one is larger than what the file may grow by.
  for (const text of ['a'.repeat(1_100_000), 'second', 'third'])
    await file.append(record(text)).then(
      () => {
        acknowledged += 1;
      },
      () => undefined,
    );
  await file.close();
  expect(readBook(directory).at(-1)?.number).toBeGreaterThanOrEqual(acknowledged);
  expect(faults).toEqual(['EIO: i/o error, fsync']);
});
