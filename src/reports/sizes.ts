/** Sizes of a desk's stored data, in bytes. */
import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { homePaths } from '../home/runtime.js';
import type { Pool } from '../store/pool.js';

export const BYTES_PER_MB = 1_048_576;

/** In megabytes, as decimal text. */
export const inMegabytes = (bytes: number): string => (bytes / BYTES_PER_MB).toFixed(1);
export const megabytes = (bytes: number): string => `${inMegabytes(bytes)} MB`;

export interface StoredSizes {
  readonly database: number;
  /** Backups that exist now. */
  readonly backups: number;
}

/** Size of the desk's whole database. Rejects while Postgres is down. */
export async function databaseBytes(pool: Pick<Pool, 'query'>): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    'select pg_database_size(current_database()) as bytes',
  );
  return Number(rows[0]?.bytes);
}

/**
 * Backups as found on disk: a restored database lacks those taken since, and still lists deleted ones.
 * Rejects while Postgres is down.
 */
export async function storedSizes(pool: Pick<Pool, 'query'>, home: string): Promise<StoredSizes> {
  const [database, backups] = await Promise.all([databaseBytes(pool), bytesBelow(join(home, 'backups'))]);
  return { database, backups };
}

export interface DiskSizes {
  readonly logs: number;
  readonly disk: { readonly free: number; readonly whole: number };
}

export async function diskSizes(home: string): Promise<DiskSizes> {
  const [logs, disk] = await Promise.all([logBytes(home), statfs(home)]);
  return { logs, disk: { free: disk.bavail * disk.bsize, whole: disk.blocks * disk.bsize } };
}

export const logBytes = (home: string): Promise<number> => bytesBelow(homePaths(home).logs);

/** Size of all files; 0 if the folder does not exist yet. A file that disappears meanwhile is not counted. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(missing<never[]>([]));
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(({ parentPath, name }) => stat(join(parentPath, name)).then(({ size }) => size, missing(0))),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const missing =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code !== 'ENOENT') throw error;
    return instead;
  };
