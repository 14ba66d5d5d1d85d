/** A database that is damaged on the disk, and the restore of a backup in its place that an incident asks for. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ownerConnection } from '../../../../src/backup/pg-programs.js';
import { homePaths } from '../../../../src/home/runtime.js';
import { askSupervisor } from '../../../../src/home/supervisor-protocol.js';
import { withClient } from '../../../../src/store/migrate.js';
import { countOf, OPERATOR } from '../bench.js';
import type { Procedure } from '../procedure.js';
import { ownIncident } from './own-incident.js';

const DAMAGE = `
  create table if not exists damaged_here (id int primary key, text text) with (autovacuum_enabled = false);
  insert into damaged_here select n, repeat('x', 100) from generate_series(1, 2000) n on conflict do nothing;
  select pg_relation_filepath('damaged_here') as path`;

const BACKUP_MS = 120_000;

/** Everything ends, a backup of a moment ago takes the place of the database, and everything is started again. */
export const restore: Procedure = {
  ...ownIncident('database-corruption', 'Restore the newest good backup'),
  name: 'the restore of a damaged database',
  startsAll: true,
  prepare: async ({ operations, desk, runtime }) => {
    const { proven } = await operations.takeBackup(OPERATOR, { verify: true, patienceMs: BACKUP_MS });
    if (!proven) throw new Error('there is no backup to restore');
    const { database, ...owner } = ownerConnection(runtime);
    const [, , found] = (await withClient(owner, database, (client) => client.query(DAMAGE))) as unknown as {
      readonly rows: readonly { readonly path: string }[];
    }[];
    // Nobody has read the page since the server was started: it has no copy of it.
    await askSupervisor(desk.home, 'restart', { name: 'postgres' }, BACKUP_MS);
    const table = openSync(join(homePaths(desk.home).postgres, found?.rows[0]?.path ?? ''), 'r+');
    writeSync(table, Buffer.alloc(16, 0x5a), 0, 16, 8_192 + 4_000);
    closeSync(table);
  },
  leaves: async (bench, { workflowId, firstRunId }) => ({
    resolved: await countOf(
      bench,
      "incident where workflow_id = $1 and first_run_id = $2 and state = 'resolved'",
      [workflowId, firstRunId],
    ),
    restored: await countOf(
      bench,
      "evidence where workflow_id = $1 and first_run_id = $2 and name = 'Restored database whole' and verdict = 'pass'",
      [workflowId, firstRunId],
    ),
    halts: (await bench.operations.readStatus()).halts.filter(({ reason }) => reason.includes('restored'))
      .length,
  }),
};
