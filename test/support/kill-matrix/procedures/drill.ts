/** A restore drill of the newest backup. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { drillWorkflowId } from '../../../../src/contracts/queues.js';
import { until } from '../../eventually.js';
import { countOf, OPERATOR } from '../bench.js';
import type { Procedure } from '../procedure.js';

const BACKUP_MS = 120_000;
const PATIENCE_MS = 1_000;

export const drill: Procedure = {
  name: 'a restore drill',
  prepare: async ({ operations }) => {
    if ((await operations.takeBackup(OPERATOR, { verify: true, patienceMs: BACKUP_MS })).proven) return;
    throw new Error('there is no backup to restore');
  },
  carryOut: async ({ runtime, operations }, watch) => {
    watch(drillWorkflowId(runtime.desk));
    await until('the drill is under way', async () => {
      return (await operations.drillRestore(OPERATOR, { backupId: null, patienceMs: PATIENCE_MS })).ok;
    });
  },
  leaves: async (bench, { firstRunId }) => {
    const scratch = join(bench.desk.home, 'drill');
    return {
      drills: await countOf(bench, 'restore_drill where first_run_id = $1', [firstRunId]),
      passed: await countOf(bench, "restore_drill where first_run_id = $1 and verdict = 'pass'", [
        firstRunId,
      ]),
      scratchLeft: existsSync(scratch) ? readdirSync(scratch) : [],
    };
  },
};
