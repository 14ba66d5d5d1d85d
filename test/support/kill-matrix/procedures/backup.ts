/** A backup that a person asks for, read back. */
import { readdirSync } from 'node:fs';
import { backupsFolder, isBackupId } from '../../../../src/backup/backup-folder.js';
import { backupWorkflowId } from '../../../../src/workflows/queues.js';
import { until } from '../../desk-under-test.js';
import { type Bench, countOf, OPERATOR } from '../bench.js';
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
  leaves: async (bench, { firstRunId }) => {
    const found = await bench.pool.query<{ reference: string }>(
      "select reference from evidence where first_run_id = $1 and step_key = 'take'",
      [firstRunId],
    );
    return backupsOf(
      bench,
      found.rows.map(({ reference }) => reference),
    );
  },
};

/** These backups, whole and in the list, and nothing half done beside them. */
export async function backupsOf(bench: Bench, ids: readonly string[]): Promise<Facts> {
  const folders = readdirSync(backupsFolder(bench.desk.home));
  return {
    backups: ids.length,
    folders: folders.filter((name) => ids.includes(name)).length,
    halfDone: folders.filter((name) => !isBackupId(name)),
    verified: await countOf(bench, 'backup where id = any($1)', [ids]),
  };
}
