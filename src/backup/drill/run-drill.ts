/**
 * A restore that is proven: the files are what was written, the database comes back on a server of its own, every table
 * is what the manifest says, the journals' chains hold, the ledger is the journals', and the evidence is unbroken.
 */
import { join } from 'node:path';
import type { Pool } from 'pg';
import { verifyLedger } from '../../ledger/verify-ledger.js';
import { verifyEvidence } from '../../store/evidence/verify-evidence.js';
import { backupsFolder, JOURNAL_FOLDER } from '../backup-folder.js';
import { type Manifest, sizeOf } from '../manifest.js';
import { someOf } from '../some-of.js';
import { tableDifferences } from '../table-figures.js';
import { type VerifiedBackup, verifyBackup } from '../verify-backup.js';
import { type DrillStep, DrillSteps } from './drill-step.js';
import { proveResting } from './prove-resting.js';
import { readRestoredFigures, restoreBackup } from './restore-backup.js';
import { type ScratchServer, startScratchServer } from './scratch-server.js';

export interface DrillRequest {
  readonly home: string;
  readonly backupId: string;
  /** Called when each step begins. */
  readonly onStep?: (title: string) => void;
  readonly signal?: AbortSignal;
}

export interface DrillOutcome {
  readonly passed: boolean;
  readonly steps: readonly DrillStep[];
}

/** Nothing but a folder below `home/drill` is written, and that is removed. */
export async function runDrill(request: DrillRequest): Promise<DrillOutcome> {
  const steps = new DrillSteps(request.onStep ?? (() => {}));
  const folder = join(backupsFolder(request.home), request.backupId);
  let backup: VerifiedBackup | null = null;
  await steps.run(
    { key: 'files', title: 'Files unchanged', expected: 'every file is what the manifest says' },
    async () => {
      const verification = await verifyBackup(folder, request.signal);
      if (!verification.ok) return { ok: false, observed: someOf(verification.problems) };
      backup = verification.backup;
      const { files } = backup.manifest;
      return { ok: true, observed: `${files.length} files, ${sizeOf(backup.manifest).bytes} bytes` };
    },
  );
  if (backup) await proveRestore(steps, backup, request);
  return { passed: steps.passed, steps: steps.done };
}

async function proveRestore(steps: DrillSteps, backup: VerifiedBackup, request: DrillRequest): Promise<void> {
  const { manifest } = backup;
  let scratch: ScratchServer | null = null;
  try {
    await steps.run(
      {
        key: 'restore',
        title: 'Restored into a scratch server',
        expected: 'pg_restore ends without an error',
      },
      async () => {
        scratch = await startScratchServer(request.home);
        await restoreBackup(backup, scratch.connection, request.signal);
        return { ok: true, observed: `${manifest.database.tables.length} tables` };
      },
    );
    const { connection, pool } = (scratch ?? {}) as Partial<ScratchServer>;
    await steps.run(
      { key: 'tables', title: 'Tables as in the manifest', expected: 'every count and checksum is equal' },
      async () => {
        const found = await readRestoredFigures(connection as ScratchServer['connection']);
        const differences = tableDifferences(manifest.database.tables, found);
        if (differences.length > 0) return { ok: false, observed: someOf(differences) };
        return { ok: true, observed: `${sizeOf(manifest).rows} rows in ${found.length} tables` };
      },
    );
    await proveBooks(steps, backup, pool as Pool);
  } finally {
    await (scratch as ScratchServer | null)?.remove();
  }
}

/** The restored database against what it was written from. */
async function proveBooks(steps: DrillSteps, backup: VerifiedBackup, pool: Pool): Promise<void> {
  const { folder, manifest } = backup;
  await steps.run(
    {
      key: 'ledger',
      title: 'Ledger reconciles with the journal',
      expected: 'the ledger is the journal, entry by entry, as far as it had come',
    },
    () => proveLedger(pool, folder, manifest),
  );
  await steps.run(
    {
      key: 'resting',
      title: 'Resting accounts replay',
      expected: 'each resting journal replays to what the manifest says, and the ledger is that journal',
    },
    () => proveResting(pool, backup),
  );
  await steps.run(
    { key: 'evidence', title: 'Evidence unbroken', expected: 'the hash chain holds and ends where it ended' },
    async () => {
      const proof = await verifyEvidence(pool, manifest.desk);
      if (!proof.ok) return { ok: false, observed: `evidence ${proof.brokenId}: ${proof.why}` };
      const same = proof.count === manifest.evidence.count && proof.head === manifest.evidence.head;
      return { ok: same, observed: `${proof.count} pieces, the manifest says ${manifest.evidence.count}` };
    },
  );
}

async function proveLedger(pool: Pool, folder: string, { desk, journal, ledger }: Manifest) {
  if (journal === null) return { ok: true, observed: 'the desk had no journal' };
  const proof = await verifyLedger(pool, desk, join(folder, JOURNAL_FOLDER));
  if (!proof.equal && !proof.behind) {
    return { ok: false, observed: `the ledger differs at journal entry ${proof.sequence}: ${proof.why}` };
  }
  const held = ledger?.sequence ?? 0;
  if (proof.entries !== held) {
    return { ok: false, observed: `the ledger has ${proof.entries} entries, the manifest says ${held}` };
  }
  const behind = journal.lastSequence - held;
  return {
    ok: true,
    observed: `${held} entries of journal ${journal.incarnation}, ${behind} newer ones in the journal only`,
  };
}
