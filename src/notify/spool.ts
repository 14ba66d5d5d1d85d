/** Notices that could not be written to Postgres: one JSON line each, in a file below FERMATA_HOME. */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notice } from '../contracts/notice.js';
import { homePaths } from '../home/runtime.js';
import { insertNotice } from '../store/outbox.js';
import type { Pool } from '../store/pool.js';

/** Some thousand notices; beyond that only the log has them. */
const SPOOL_BYTES_MAX = 2 * 1024 * 1024;
const FILE = 'notices.jsonl';

function spoolDirectory(home: string): string {
  return join(homePaths(home).home, 'notify');
}

/** Rejects if the file is full: then the caller's log has the notice. */
export async function spoolNotice(home: string, notice: Notice): Promise<void> {
  const directory = spoolDirectory(home);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, FILE);
  const size = await stat(file).then(
    ({ size: bytes }) => bytes,
    () => 0,
  );
  if (size > SPOOL_BYTES_MAX) throw new Error(`${file} is full: notices are only in the log now`);
  // One write for one line, since several processes append to this file.
  await appendFile(file, `${JSON.stringify(notice)}\n`, { mode: 0o600 });
}

/**
 * Resolves with the number of notices written to Postgres. If killed at any point, it is done again; fingerprints
 * prevent duplicates.
 */
export async function takeInSpool(home: string, pool: Pick<Pool, 'query'>): Promise<number> {
  const directory = spoolDirectory(home);
  const names = await readdir(directory).catch((): string[] => []);
  if (names.includes(FILE)) {
    // A process that appends meanwhile begins a new file.
    const taken = `taken-${randomUUID()}.jsonl`;
    await rename(join(directory, FILE), join(directory, taken));
    names.push(taken);
  }
  let count = 0;
  for (const name of names.filter((each) => each.startsWith('taken-'))) {
    for (const notice of noticesIn(await readFile(join(directory, name), 'utf8'))) {
      await insertNotice(pool, notice);
      count += 1;
    }
    await rm(join(directory, name));
  }
  return count;
}

/** Skips a last line that a crash has truncated. */
function noticesIn(text: string): Notice[] {
  return text
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Notice];
      } catch {
        return [];
      }
    });
}
