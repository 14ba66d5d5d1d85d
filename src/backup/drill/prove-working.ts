/** Proves that the product works on the restored data, not only that the data is complete. */
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Pool } from 'pg';
import type { EvidenceInput } from '../../contracts/evidence.js';
import { recordEvidenceIn } from '../../store/evidence/record-evidence.js';
import { verifyEvidence } from '../../store/evidence/verify-evidence.js';
import { readIncidents } from '../../store/incidents.js';
import { APP_ROLE, migrate } from '../../store/migrate.js';
import { readSetups } from '../../store/noted-setups.js';
import { listTrades } from '../../store/performance.js';
import { inTransaction } from '../../store/pool.js';
import { readTasks } from '../../store/tasks.js';
import { readAccount } from '../accounts/read-account.js';
import { JOURNAL_FOLDER } from '../backup-folder.js';
import type { PgConnection } from '../pg-programs.js';
import type { VerifiedBackup } from '../verify-backup.js';
import type { DrillSteps, Observation } from './drill-step.js';

const SHOWN_MAX = 100;

/**
 * Checks what a start needs: this version's schema, the product's own role and rights, reading, writing, the trader's
 * journal.
 */
export async function proveWorking(
  steps: DrillSteps,
  backup: VerifiedBackup,
  restored: () => PgConnection,
): Promise<void> {
  await steps.run(
    {
      key: 'works',
      title: 'The system works on it',
      expected: 'this version reads and writes the database, and the trader’s journal replays to its end',
    },
    async () => {
      const database = await useDatabase(backup.manifest.desk, restored());
      const journal = await replayJournal(backup);
      return { ok: database.ok && journal.ok, observed: `${database.observed}; ${journal.observed}` };
    },
  );
}

async function useDatabase(desk: string, { database, ...owner }: PgConnection): Promise<Observation> {
  const password = randomBytes(24).toString('hex');
  const ran = await migrate(owner, database, password);
  const { host, port } = owner;
  const pool = new Pool({ host, port, database, user: APP_ROLE, password, max: 2 });
  pool.on('error', () => undefined);
  try {
    const always = { desk, fromMs: 0, toMs: Date.now() };
    const [trades, setups, tasks, incidents] = await Promise.all([
      listTrades(pool, always, SHOWN_MAX),
      readSetups(pool, desk, SHOWN_MAX),
      readTasks(pool, desk, { limit: SHOWN_MAX }),
      readIncidents(pool, desk, { limit: SHOWN_MAX }),
    ]);
    const before = await verifyEvidence(pool, desk);
    await inTransaction(pool, (client) => recordEvidenceIn(client, drillEvidence(desk)));
    const after = await verifyEvidence(pool, desk);
    const read = [
      `${trades.length} trades`,
      `${setups.length} setups`,
      `${tasks.length} tasks`,
      `${incidents.length} incidents`,
    ];
    return {
      ok: after.ok && after.count === before.count + 1,
      observed: `${ran.length} migrations run; read ${read.join(', ')}; evidence goes on from ${before.count} to ${after.count}`,
    };
  } finally {
    await pool.end();
  }
}

function drillEvidence(desk: string): EvidenceInput {
  const atMs = Date.now();
  return {
    ...{ desk, workflowId: 'drill', firstRunId: randomUUID(), runId: randomUUID(), routine: 'restore-drill' },
    ...{ stepKey: 'works', name: 'The system works on it' },
    ...({ kind: 'check', verdict: 'pass' } as const),
    ...{ observed: 'written on the restored database', expected: '', startedMs: atMs, finishedMs: atMs },
    ...{ marketMs: null, person: null, reference: null, simulated: true },
  };
}

async function replayJournal({ folder, manifest }: VerifiedBackup): Promise<Observation> {
  if (manifest.journal === null) return { ok: true, observed: 'the desk had no journal' };
  const { journal, holds } = await readAccount(join(folder, JOURNAL_FOLDER));
  return {
    ok: journal.lastSequence === manifest.journal.lastSequence,
    observed: `the journal replays to entry ${journal.lastSequence}: ${holds.positions.length} positions, ${holds.openOrders} open orders`,
  };
}
