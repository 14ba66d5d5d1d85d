import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { lasted } from '../domain/moment.js';
import { homePaths } from '../home/runtime.js';
import { readBackups } from '../store/backups.js';
import { report } from './report.js';

const STATUS_MS = 3_000;
const BYTES_PER_MB = 1_048_576;
const BACKUPS_MAX = 10_000;

/** How long the trader has run and how much memory it takes; how large database, logs and backups are; how full the disk is. */
export const system = report(NO_PARAMETERS, async ({ runtime, desk, trader, pool }) => {
  const { home } = runtime;
  const [status, database, logs, backups, disk] = await Promise.all([
    trader.call('status', {}, { timeoutMs: STATUS_MS }),
    pool.query<{ bytes: string }>('select pg_database_size(current_database()) as bytes'),
    bytesBelow(homePaths(home).logs),
    readBackups(pool, desk.desk, BACKUPS_MAX),
    statfs(home),
  ]);
  const kept = backups.filter(({ prunedMs }) => prunedMs === null);
  const free = disk.bavail * disk.bsize;
  const whole = disk.blocks * disk.bsize;
  return [
    `trader up ${lasted(Date.now() - status.startedWallMs)}, ${megabytes(status.rssBytes)} of memory`,
    `database ${megabytes(Number(database.rows[0]?.bytes))}`,
    `logs ${megabytes(logs)}`,
    `backups ${megabytes(kept.reduce((sum, { bytes }) => sum + bytes, 0))}`,
    `disk ${megabytes(whole - free)} of ${megabytes(whole)} used, ${megabytes(free)} free`,
  ].join('; ');
});

const megabytes = (bytes: number): string => `${(bytes / BYTES_PER_MB).toFixed(1)} MB`;

/** Of all files; 0 where there is no such folder yet. What goes away meanwhile counts for nothing. */
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
