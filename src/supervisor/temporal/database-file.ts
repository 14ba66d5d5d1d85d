/** The development server's database file, and when it can't be trusted. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** With write-ahead logging these files belong together. */
const PARTS = ['', '-wal', '-shm'] as const;
const SET_ASIDE = '.broken';

/**
 * The file for this version of the server: a newer server doesn't migrate an older one's file, so each version has its
 * own, and schedules come back from Postgres and the desk file. A file that was never marked as ready (killed at its
 * first start) would never start again and is removed.
 */
export async function databaseFileFor(directory: string, serverVersion: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, `server-${serverVersion}-sealed.db`);
  if (!existsSync(markerOf(file))) {
    for (const part of PARTS) await rm(`${file}${part}`, { force: true });
  }
  return file;
}

/** Call once the server has answered from it. */
export async function markReady(file: string): Promise<void> {
  if (!existsSync(markerOf(file))) await writeFile(markerOf(file), '', { mode: 0o600 });
}

/**
 * Moves away a marked file that the server can't open any more, and keeps it for inspection. Only the newest one is
 * kept.
 */
export async function setAside(file: string): Promise<string> {
  const directory = dirname(file);
  for (const name of await readdir(directory)) {
    if (name.startsWith(basename(file)) && name.endsWith(SET_ASIDE))
      await rm(join(directory, name), { force: true });
  }
  await rm(markerOf(file), { force: true });
  for (const part of PARTS) {
    if (existsSync(`${file}${part}`)) await rename(`${file}${part}`, `${file}${part}${SET_ASIDE}`);
  }
  return `${file}${SET_ASIDE}`;
}

function markerOf(file: string): string {
  return `${file}.ready`;
}
