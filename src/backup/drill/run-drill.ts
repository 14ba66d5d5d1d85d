/**
 * Restores a backup and proves it: the files are unchanged, the database is restored on a scratch server,
 * every table matches the manifest, the journals' chains hold, the ledger matches the journals, and the
 * evidence is unbroken.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { EvidenceInput } from '../../contracts/evidence.js';
import { counted } from '../../domain/figure-text.js';
import { pollUntil } from '../../home/try-again.js';
import { recordEvidenceIn, verifyEvidence } from '../../store/evidence-rows.js';
import { readIncidents } from '../../store/incident-rows.js';
import { listTrades } from '../../store/ledger-figures.js';
import { APP_ROLE, migrate } from '../../store/migrate.js';
import { inTransaction } from '../../store/pool.js';
import { readTasks } from '../../store/task-rows.js';
import { readSetups } from '../../store/trading-journal-rows.js';
import { freePort } from '../../supervisor/free-port.js';
import { commandLineOf, isAlive } from '../../supervisor/process-table.js';
import { startPostgres } from '../../supervisor/start-postgres.js';
import { readAccount } from '../accounts/set-aside.js';
import { holdFolder, JOURNAL_FOLDER, removeIfLeft } from '../backup-folder.js';
import type { Manifest } from '../manifest.js';
import { createEmptyDatabase, type PgConnection, poolTo } from '../pg-programs.js';
import { proveRestored, readBack, requireRoomBeside } from '../restore/prove-restored.js';
import type { VerifiedBackup } from '../verify-backup.js';
import { type DrillStep, DrillSteps, type Observation } from './drill-step.js';

interface DrillRequest {
  readonly home: string;
  readonly backupId: string;
  /** Called when each step begins. */
  readonly onStep?: (title: string) => void;
  /**
   * Called once everything is proven; the server is removed only after this resolves. The working test would
   * change the database, so it is skipped if this callback is given.
   */
  readonly onProven?: (connection: PgConnection) => Promise<void>;
  /** The last step: compares the restored state with the live desk's. */
  readonly compare?: (manifest: Manifest) => Promise<Observation>;
  readonly signal?: AbortSignal;
  readonly free?: Parameters<typeof requireRoomBeside>[2];
}

interface DrillOutcome {
  readonly passed: boolean;
  readonly steps: readonly DrillStep[];
}

/** Writes only to a folder below `home/drill`, which is removed. */
export async function runDrill(request: DrillRequest): Promise<DrillOutcome> {
  const { home, backupId, signal } = request;
  const steps = new DrillSteps(request.onStep ?? (() => {}));
  const backup = await readBack(steps, home, backupId, signal);
  let scratch: ScratchServer | null = null;
  const open = async (): Promise<ScratchServer> => {
    if (backup !== null) await requireRoomBeside(home, backup.manifest, request.free);
    scratch = await startScratchServer(home);
    return scratch;
  };
  const restored = (): PgConnection => {
    if (scratch === null) throw new Error('nothing was restored');
    return scratch.connection;
  };
  try {
    if (backup) await proveRestored(steps, backup, { title: 'Restored into a scratch server', open }, signal);
    const proven = scratch as ScratchServer | null;
    if (backup && request.onProven === undefined) await proveWorking(steps, backup, restored);
    if (backup && request.compare !== undefined) await proveCurrent(steps, backup.manifest, request.compare);
    if (steps.passed && proven !== null) await request.onProven?.(proven.connection);
  } finally {
    await (scratch as ScratchServer | null)?.remove();
  }
  return { passed: steps.passed, steps: steps.done };
}

function proveCurrent(
  steps: DrillSteps,
  manifest: Manifest,
  compare: (manifest: Manifest) => Promise<Observation>,
): Promise<void> {
  const expected = 'the restored state is the live desk’s, as far as it had come';
  return steps.run({ key: 'live', title: 'As the live desk', expected }, () => compare(manifest));
}

const SHOWN_MAX = 100;

/**
 * Proves that the product works on the restored data, not only that the data is complete. Checks what a start
 * needs: this version's schema, the product's own role and rights, reading, writing, the trader's journal.
 */
async function proveWorking(
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
  const pool = poolTo({ ...owner, database, user: APP_ROLE, password });
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
    return {
      ok: after.ok && after.count === before.count + 1,
      observed: `${ran.length} migrations run; read ${counted(trades.length, 'trade')}, ${setups.length} setups, ${tasks.length} tasks, ${incidents.length} incidents; evidence goes on from ${before.count} to ${after.count}`,
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
    observed: `the journal replays to entry ${journal.lastSequence}: ${counted(holds.positions.length, 'position')}, ${holds.openOrders} open orders`,
  };
}

const OWNER = 'fermata';
const DATABASE = 'restored';
const END_TIMEOUT_MS = 10_000;
/** Fast instead of durable: the server is thrown away in any case. */
const SETTINGS = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'wal_level=minimal',
  'max_wal_senders=0',
  'max_wal_size=4GB',
  'maintenance_work_mem=256MB',
  'max_connections=20',
];

interface ScratchServer {
  readonly connection: PgConnection;
  readonly pool: Pool;
  /** Ends the server and removes its folder. */
  remove(): Promise<void>;
}

const scratchFolder = (home: string): string => join(home, 'drill');

/**
 * A separate Postgres server for one restore, in its own folder, removed afterwards; never the desk's server.
 * Has an empty database and the product's role, as before a first migration.
 */
async function startScratchServer(home: string): Promise<ScratchServer> {
  await removeLeftoverScratch(home);
  const name = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const { content: folder, remove: removeFolder } = await holdFolder(join(scratchFolder(home), name));
  const connection: PgConnection = {
    host: '127.0.0.1',
    port: await freePort(),
    user: OWNER,
    password: randomBytes(24).toString('hex'),
    database: DATABASE,
  };
  try {
    const server = await startPostgres({
      directory: join(folder, 'postgres'),
      port: connection.port,
      user: OWNER,
      password: connection.password,
      logFile: join(folder, 'postgres.log'),
      settings: SETTINGS,
    });
    try {
      const pool = await createEmptyDatabase(connection);
      const remove = async (): Promise<void> => {
        await pool.end().catch(() => undefined);
        await server.stop();
        await removeFolder();
      };
      return { connection, pool, remove };
    } catch (error) {
      await server.stop();
      throw error;
    }
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** Cleans up after a process that was killed during a restore: ends its server and removes the folder. */
export async function removeLeftoverScratch(home: string): Promise<void> {
  const names = await readdir(scratchFolder(home)).catch((): string[] => []);
  for (const name of names) {
    if (!/^\d+-[0-9a-f]+$/.test(name)) continue;
    const folder = join(scratchFolder(home), name);
    await removeIfLeft(folder, async () => {
      // Earlier versions had the server in the first of these places.
      for (const place of [folder, join(folder, 'content')]) await endServerOn(join(place, 'postgres'));
    });
  }
}

async function endServerOn(directory: string): Promise<void> {
  const lock = join(directory, 'postmaster.pid');
  if (!existsSync(lock)) return;
  const pid = Number((await readFile(lock, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The pid may belong to another program by now.
  if (!(await commandLineOf(pid))?.includes(directory)) return;
  process.kill(pid, 'SIGQUIT');
  await pollUntil(
    () => isAlive(pid),
    (alive) => !alive,
    { withinMs: END_TIMEOUT_MS, everyMs: 50 },
  );
}
