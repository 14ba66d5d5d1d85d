/** A backup that a person asks for, read back. */

import { existsSync, readdirSync } from 'node:fs';
import { backupIdAt, backupsFolder, isBackupId } from '../../../../src/backup/backup-folder.js';
import { backupWorkflowId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { type Bench, OPERATOR } from '../bench.js';
import type { Facts, Procedure } from '../procedure.js';

const PATIENCE_MS = 1_000;

export const backup: Procedure = {
  name: 'a backup',
  carryOut: async (bench, watch) => {
    watch(backupWorkflowId(bench.runtime.desk));
    await until('the backup is under way', async () => {
      const request = { verify: true, patienceMs: PATIENCE_MS };
      return (await bench.operations.takeBackup(OPERATOR, request)).ok;
    });
  },
  leaves: (bench, { firstRunId }) => backupsSince(bench, firstRunId),
};

/** What there is since this run began: whole backups, those of them in the list, and nothing half done. */
export async function backupsSince({ pool, desk }: Bench, firstRunId: string): Promise<Facts> {
  const found = await pool.query<{ started: Date }>(
    'select min(started) as started from evidence where first_run_id = $1',
    [firstRunId],
  );
  const first = backupIdAt(found.rows[0]?.started.getTime() ?? 0);
  const folder = backupsFolder(desk.home);
  const folders = existsSync(folder) ? readdirSync(folder) : [];
  const ids = folders.filter((name) => isBackupId(name) && name >= first);
  const listed = await pool.query('select 1 from backup where id = any($1)', [ids]);
  return {
    backups: ids.length,
    listed: listed.rowCount,
    halfDone: folders.filter((name) => !isBackupId(name)),
  };
}
