import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DAY_MS } from '../domain/civil-date.js';
import { homePaths } from '../home/runtime.js';
import { maintenance } from './maintenance.js';

/** What was moved out of the way of a log: `fermata.log.1`, `trading.log.2026-01-05`, `trading.log.2026-01-05.1`. */
const MOVED = /\.(log|jsonl)\.\d[\d.-]*$/;

/** Logs make room by themselves while they are written to; this looks after those that nobody writes to any more. */
export const removeOldLogs = maintenance(
  z.strictObject({ days: z.number().min(1).max(3650).default(30) }),
  async ({ runtime }, { days }) => {
    const { logs, servers } = homePaths(runtime.home);
    const expected = `no log that was moved away is older than ${days} days`;
    const folders = [...new Set([logs, servers.logs])].filter((folder) => existsSync(folder));
    if (folders.length === 0) return { verdict: 'not_run', observed: 'no log is kept here', expected };
    const old = await oldLogs(folders, days);
    // One that can't be removed must not keep the others; which it is, the second look says.
    for (const path of old) await rm(path).catch(() => undefined);
    const left = await oldLogs(folders, days);
    if (left.length > 0)
      return { verdict: 'fail', observed: `can’t be removed: ${left.join(', ')}`, expected };
    const observed = old.length === 0 ? 'none was too old' : `${old.length} removed`;
    return { verdict: 'pass', observed, expected };
  },
);

async function oldLogs(folders: readonly string[], days: number): Promise<readonly string[]> {
  const oldestMs = Date.now() - days * DAY_MS;
  const found: string[] = [];
  for (const folder of folders)
    for (const name of await readdir(folder)) {
      if (!MOVED.test(name)) continue;
      const path = join(folder, name);
      // Gone in between, by the log's own rotation.
      const mtimeMs = await stat(path).then(
        (file) => file.mtimeMs,
        () => Number.POSITIVE_INFINITY,
      );
      if (mtimeMs < oldestMs) found.push(path);
    }
  return found.sort();
}
