/**
 * Reads a backup back, restores it into an empty database, and proves it there: tables, pages, ledger,
 * accounts set aside, evidence.
 */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Client, type Pool } from 'pg';
import { counted, someOf } from '../../domain/figure-text.js';
import { FREE_MB_MIN, type FreeBytes, freeBytes } from '../../home/free-space.js';
import { verifyLedger } from '../../ledger/verify-ledger.js';
import { verifyEvidence } from '../../store/evidence-rows.js';
import { examineDatabase, withClient } from '../../store/migrate.js';
import { connectionTo } from '../../store/pool.js';
import { readAccount, setAsideJournal, setAsideText } from '../accounts/set-aside.js';
import { backupsFolder, DATABASE_FILE, JOURNAL_FOLDER } from '../backup-folder.js';
import type { DrillSteps, Observation } from '../drill/drill-step.js';
import { type AccountSetAside, type Manifest, sizeOf, type TableFigures } from '../manifest.js';
import { type PgConnection, restoreDump } from '../pg-programs.js';
import { readTableFigures, TEXT_SETTINGS, tableDifferences } from '../table-figures.js';
import { type VerifiedBackup, verifyBackup } from '../verify-backup.js';

const JOBS = 2;

/** An empty database, with the product's role in place. */
export interface EmptyDatabase {
  readonly connection: PgConnection;
  readonly pool: Pool;
}

/** Null: a file differs from the manifest. */
export async function readBack(
  steps: DrillSteps,
  home: string,
  backupId: string,
  signal?: AbortSignal,
): Promise<VerifiedBackup | null> {
  let backup: VerifiedBackup | null = null;
  await steps.run(
    { key: 'files', title: 'Files unchanged', expected: 'every file is what the manifest says' },
    async () => {
      const verification = await verifyBackup(join(backupsFolder(home), backupId), signal);
      if (!verification.ok) return { ok: false, observed: someOf(verification.problems) };
      backup = verification.backup;
      const { files } = backup.manifest;
      return {
        ok: true,
        observed: `${counted(files.length, 'file')}, ${sizeOf(backup.manifest).bytes} bytes`,
      };
    },
  );
  return backup;
}

/** What is there stays, so what is restored needs its own space. `besides`: bytes that others need there. */
export async function enoughSpace(
  home: string,
  manifest: Manifest,
  besides = 0,
  free = freeBytes,
): Promise<Observation> {
  const needed = 2 * (manifest.database.sizeBytes + sizeOf(manifest).bytes) + besides;
  const found = await free(home);
  const inMb = (bytes: number): string => `${Math.ceil(bytes / 1_000_000)} MB`;
  return { ok: found > needed, observed: `${inMb(found)} free, ${inMb(needed)} needed` };
}

const DESK_BYTES = FREE_MB_MIN * 1024 * 1024;

/** For a restore next to a desk that trades, which halts once its journal can't be written. Throws if there is none. */
export async function requireRoomBeside(home: string, manifest: Manifest, free?: FreeBytes): Promise<void> {
  const { ok, observed } = await enoughSpace(home, manifest, DESK_BYTES, free);
  if (!ok) throw new Error(`${observed} where ${home} lies: nothing was restored. Free some space there`);
}

/** `open` creates the database, as the first step. */
export async function proveRestored(
  steps: DrillSteps,
  backup: VerifiedBackup,
  target: { readonly title: string; readonly open: () => Promise<EmptyDatabase> },
  signal?: AbortSignal,
): Promise<void> {
  const { manifest } = backup;
  let opened: EmptyDatabase | null = null;
  await steps.run(
    { key: 'restore', title: target.title, expected: 'pg_restore ends without an error' },
    async () => {
      opened = await target.open();
      await restoreDatabase(backup, opened.connection, signal);
      return { ok: true, observed: `${manifest.database.tables.length} tables` };
    },
  );
  // If `open` failed, the following steps are not run.
  const { connection, pool } = (opened ?? {}) as EmptyDatabase;
  await steps.run(
    { key: 'tables', title: 'Tables as in the manifest', expected: 'every count and checksum is equal' },
    async () => {
      const found = await readRestoredFigures(connection);
      const differences = tableDifferences(manifest.database.tables, found);
      if (differences.length > 0) return { ok: false, observed: someOf(differences) };
      return { ok: true, observed: `${counted(sizeOf(manifest).rows, 'row')} in ${found.length} tables` };
    },
  );
  await steps.run(
    { key: 'pages', title: 'Pages and indexes whole', expected: 'amcheck finds no damage' },
    async () => {
      const { database, ...owner } = connection;
      const { damage, looked } = await withClient(owner, database, examineDatabase);
      return damage.length > 0
        ? { ok: false, observed: someOf(damage) }
        : { ok: true, observed: `${looked} tables and indexes` };
    },
  );
  await proveBooks(steps, backup, pool);
}

/** Compares the restored database with the sources that it was derived from. */
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
      title: 'Accounts set aside replay',
      expected:
        'the journal of each account set aside replays to what the manifest says, and the ledger is that journal',
    },
    () => proveSetAside(pool, backup),
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
    return {
      ok: false,
      observed: `the ledger has ${counted(proof.entries, 'entry', 'entries')}, the manifest says ${held}`,
    };
  }
  const behind = journal.lastSequence - held;
  return {
    ok: true,
    observed: `${counted(held, 'entry', 'entries')} of journal ${journal.incarnation}, ${behind} newer ones in the journal only`,
  };
}

/** Accounts set aside: each journal must replay to the manifest's state and match the restored ledger. */
async function proveSetAside(pool: Pool, { folder, manifest }: VerifiedBackup): Promise<Observation> {
  const kept = manifest.restingAccounts?.kept ?? [];
  for (const account of kept) {
    const why = await differenceOf(pool, manifest.desk, setAsideJournal(folder, account), account);
    if (why !== null) return { ok: false, observed: `account set aside ${account.name}: ${why}` };
  }
  const each = kept.map(
    ({ name, journal }) => `${name}: ${counted(journal.lastSequence, 'entry', 'entries')}`,
  );
  return {
    ok: true,
    observed: [setAsideText(manifest), ...(each.length > 0 ? [someOf(each)] : [])].join('; '),
  };
}

async function differenceOf(
  pool: Pool,
  desk: string,
  directory: string,
  { account, journal, holds }: AccountSetAside,
): Promise<string | null> {
  const found = await readAccount(directory);
  if (!isDeepStrictEqual(found, { account, journal, holds })) {
    const said = JSON.stringify({ account, ...journal, holds });
    return `its journal replays to ${JSON.stringify({ account: found.account, ...found.journal, holds: found.holds })}, the manifest says ${said}`;
  }
  const proof = await verifyLedger(pool, desk, directory);
  if (proof.equal || proof.behind) return null;
  return `the ledger differs at its journal entry ${proof.sequence}: ${proof.why}`;
}

/** Restores into an empty database; stops at the first thing that can't be restored. */
async function restoreDatabase(
  backup: VerifiedBackup,
  connection: PgConnection,
  signal?: AbortSignal,
): Promise<void> {
  await restoreDump(join(backup.folder, DATABASE_FILE), connection, JOBS, signal);
}

async function readRestoredFigures(connection: PgConnection): Promise<readonly TableFigures[]> {
  const client = new Client(connectionTo(connection));
  client.on('error', () => undefined);
  await client.connect();
  try {
    for (const setting of TEXT_SETTINGS) await client.query(setting);
    return await readTableFigures(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
