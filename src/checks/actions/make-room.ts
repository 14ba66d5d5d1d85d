/** Actions that free space: dead rows, rotated logs, old backups. */
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { setAsideText } from '../../backup/accounts/set-aside.js';
import { backupsFolder } from '../../backup/backup-folder.js';
import { isWhole } from '../../backup/manifest.js';
import { ownerConnection } from '../../backup/pg-programs.js';
import { expiredBackups, newestBackupId, ownBackups, pruneBackups } from '../../backup/retention.js';
import { verifyBackup } from '../../backup/verify-backup.js';
import type { CheckOutcome } from '../../contracts/routine.js';
import { NO_PARAMETERS, stepPart } from '../../desk/step-parts.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { counted, someOf } from '../../domain/figure-text.js';
import { homePaths } from '../../home/runtime.js';
import type { ReportContext } from '../../reports/report.js';
import { BYTES_PER_MB, databaseBytes, megabytes } from '../../reports/sizes.js';
import { markPruned } from '../../store/backup-rows.js';
import { withClient } from '../../store/migrate.js';

/**
 * Vacuums the database once it is larger than `aboveMb`, and updates the planner's statistics. The desk goes
 * on meanwhile: a plain vacuum takes no exclusive lock, so freed space is reused, not returned to the disk.
 */
export const vacuum = stepPart(
  'Vacuums the database',
  z.strictObject({ aboveMb: z.number().min(0).default(500) }),
  async ({ runtime, pool, stepMs }: ReportContext, { aboveMb }): Promise<CheckOutcome> => {
    const expected = `a database above ${aboveMb} MB is vacuumed`;
    const before = await databaseBytes(pool);
    if (before <= aboveMb * BYTES_PER_MB)
      return { verdict: 'pass', observed: `${megabytes(before)}: nothing to do`, expected };
    const { database, ...owner } = ownerConnection(runtime);
    await withClient(owner, database, async (client) => {
      // A vacuum that continues after its step was abandoned would take disk bandwidth from the trader.
      if (stepMs !== undefined) await client.query(`set statement_timeout = ${Math.round(stepMs)}`);
      await client.query('vacuum (analyze)');
    });
    const after = await databaseBytes(pool);
    return { verdict: 'pass', observed: `vacuumed: ${megabytes(before)}, now ${megabytes(after)}`, expected };
  },
);

/** Rotated logs: `fermata.log.1`, `trading.log.2026-01-05`, `trading.log.2026-01-05.1`. */
const MOVED = /\.(log|jsonl)\.\d[\d.-]*$/;

/** Logs rotate by themselves while they are written; this removes those that nobody writes any more. */
export const removeOldLogs = stepPart(
  'Removes old logs',
  z.strictObject({ days: z.number().min(1).max(3650).default(30) }),
  async ({ runtime }: ReportContext, { days }): Promise<CheckOutcome> => {
    const { logs, servers } = homePaths(runtime.home);
    const expected = `no log that was moved away is older than ${counted(days, 'day')}`;
    const folders = [...new Set([logs, servers.logs])].filter((folder) => existsSync(folder));
    if (folders.length === 0) return { verdict: 'not_run', observed: 'no log is kept here', expected };
    const old = await oldLogs(folders, days);
    // One file that can't be removed must not stop the others from going; the second listing names it.
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
      // The log's own rotation may have deleted it meanwhile.
      const mtimeMs = await stat(path).then(
        (file) => file.mtimeMs,
        () => Number.POSITIVE_INFINITY,
      );
      if (mtimeMs < oldestMs) found.push(path);
    }
  return found.sort();
}

/**
 * Applies the desk file's `backup.keep` and `backup.days`, as each new backup does. It also works after
 * backups have stopped, but removes nothing unless the newest can be restored: older ones may be the last
 * good ones.
 */
export const removeOldBackups = stepPart(
  'Removes old backups',
  NO_PARAMETERS,
  async ({ runtime, desk, pool }: ReportContext): Promise<CheckOutcome> => {
    const { keep, days = null } = desk.backup;
    const { home } = runtime;
    const expected = `none is older than ${days === null ? `the newest ${keep}` : `${counted(days, 'day')}`}`;
    if (!existsSync(backupsFolder(home)))
      return { verdict: 'not_run', observed: 'no backup was taken here yet', expected };
    const expired = expiredBackups(await ownBackups(home, desk.desk), { keep, days }, Date.now());
    if (expired.length === 0) return { verdict: 'pass', observed: 'none was too old', expected };
    const problem = await problemOfNewest(home, desk.desk);
    if (problem !== null)
      return {
        verdict: 'fail',
        observed: `the newest one is not verified: older ones stay (${expired.length} would go). ${problem}. Take a good one: fermata backup --verify`,
        expected,
      };
    // Reads them anew, since verifying takes a while.
    const gone = await pruneBackups(home, desk.desk, { keep, days }, Date.now());
    await markPruned(pool, desk.desk, gone);
    const left = expiredBackups(await ownBackups(home, desk.desk), { keep, days }, Date.now());
    if (left.length > 0) return { verdict: 'fail', observed: `still there: ${left.join(', ')}`, expected };
    return {
      verdict: 'pass',
      observed: gone.length === 0 ? 'none was too old' : `removed: ${gone.join(', ')}`,
      expected,
    };
  },
);

/** Why older backups must stay; null: the newest is whole and reads back as it was written. */
async function problemOfNewest(home: string, desk: string): Promise<string | null> {
  const id = await newestBackupId(home, desk);
  if (id === null) return null;
  const verification = await verifyBackup(join(backupsFolder(home), id));
  if (!verification.ok) return `${id}: ${someOf(verification.problems)}`;
  const { manifest } = verification.backup;
  return isWhole(manifest) ? null : `${id}: ${setAsideText(manifest)}`;
}
