/**
 * Puts a backup in the place of the desk. Everything is made ready and proven beside it first: a database of another name
 * in the installation's server, the accounts in a folder. Then each thing that is there is moved aside and the restored one
 * into its place; nothing is deleted. Where that is cut off, the same restore goes on with it, and no desk starts before.
 */
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type RestoreMark,
  readRestoreMark,
  restoreFolder,
  restoreMarkFile,
} from '../../home/restore-mark.js';
import { deskPaths, homePaths } from '../../home/runtime.js';
import { recordEvidenceBatch } from '../../store/evidence/record-evidence.js';
import type { Pool } from '../../store/pool.js';
import { copyAnew, restoredHalt } from '../../trader/journal/begin-anew.js';
import * as place from '../backup-folder.js';
import { type DrillStep, DrillSteps } from '../drill/drill-step.js';
import type { Manifest } from '../manifest.js';
import type { VerifiedBackup } from '../verify-backup.js';
import { type OwnServer, startOwnServer } from './own-server.js';
import { proveRestored, readBack } from './prove-restored.js';

const DATABASE = 'fermata_restored';
const ACCOUNT = 'account';
/** Of a desk's folder, what a backup may hold; what it does not hold did not exist, and is moved aside only. */
const KEPT = [ACCOUNT, place.RESTING_FOLDER, place.RULES_FROM_FILE, place.MARKET_POSITION_FILE] as const;

export interface RestoreRequest {
  readonly home: string;
  readonly backupId: string;
  /** In the halt of the journal and in the evidence. */
  readonly by: string;
  readonly nowMs: () => number;
  /** Called when each step begins. */
  readonly onStep?: (title: string) => void;
  /** Called between two moves: a test ends the process there. */
  readonly onMove?: (what: string) => void;
  readonly signal?: AbortSignal;
}

export interface RestoreOutcome {
  readonly passed: boolean;
  readonly steps: readonly DrillStep[];
  /** Where what was there lies now; null: nothing was moved. */
  readonly kept: { readonly folder: string; readonly database: string } | null;
}

/** Nothing else of Fermata may run in `home` meanwhile: whoever calls it holds the locks. */
export async function restoreDesk(request: RestoreRequest): Promise<RestoreOutcome> {
  const { home, backupId, signal } = request;
  const steps = new DrillSteps(request.onStep ?? (() => {}));
  const begun = readRestoreMark(home);
  const backup = begun === null ? await readBack(steps, home, backupId, signal) : null;
  if (!steps.passed) return { passed: false, steps: steps.done, kept: null };
  const server = await startOwnServer(home);
  try {
    const mark = begun ?? (await makeReady(steps, request, backup as VerifiedBackup, server));
    if (mark === null) return { passed: false, steps: steps.done, kept: null };
    await steps.run(
      {
        key: 'switch',
        title: 'In the place of what was there',
        expected: 'all of it is there; what was there is kept',
      },
      async () => {
        await putInPlace(request, mark, server);
        return { ok: true, observed: `what was there is kept in ${mark.keptIn}` };
      },
    );
    const kept = { folder: mark.keptIn, database: mark.keptDatabase };
    return { passed: steps.passed, steps: steps.done, kept };
  } finally {
    await server.stop();
  }
}

/** Null where the backup could not be proven: nothing of the desk was touched then. */
async function makeReady(
  steps: DrillSteps,
  request: RestoreRequest,
  backup: VerifiedBackup,
  server: OwnServer,
): Promise<RestoreMark | null> {
  const { home, signal } = request;
  const startedMs = request.nowMs();
  let pool: Pool | null = null;
  const open = async () => {
    const database = await server.createDatabase(DATABASE);
    pool = database.pool;
    return database;
  };
  await proveRestored(steps, backup, { title: 'Restored into a database of its own', open }, signal);
  const { manifest } = backup;
  const staged = join(restoreFolder(home), 'ready');
  let has: readonly string[] = [];
  await steps.run(
    {
      key: 'accounts',
      title: 'Accounts ready',
      expected: 'the journal goes on under a new incarnation, halted until a person has looked',
    },
    async () => {
      has = await stageAccounts(backup, staged, request);
      await recordRestore(pool as unknown as Pool, manifest, request, startedMs);
      return { ok: true, observed: has.join(', ') || 'the desk had none' };
    },
  );
  if (!steps.passed) return null;
  signal?.throwIfAborted();
  const stamp = place.backupIdAt(startedMs);
  const mark: RestoreMark = {
    backupId: manifest.id,
    desk: manifest.desk,
    database: DATABASE,
    has,
    keptIn: join(deskPaths(homePaths(home), manifest.desk).root, `before-restore-${stamp}`),
    keptDatabase: `fermata_before_restore_${stamp.replaceAll(/\D/g, '')}`,
  };
  await writeMark(home, mark);
  return mark;
}

/** Names of what was made ready. */
async function stageAccounts(
  { folder, manifest }: VerifiedBackup,
  staged: string,
  { by, nowMs }: RestoreRequest,
): Promise<readonly string[]> {
  await rm(staged, { recursive: true, force: true });
  await mkdir(join(staged, ACCOUNT), { recursive: true, mode: 0o700 });
  const taken = new Date(manifest.takenMs).toISOString();
  if (manifest.journal !== null) {
    const wallMs = nowMs();
    const why = `${by} restored backup ${manifest.id}, taken ${taken}`;
    await copyAnew(join(folder, place.JOURNAL_FOLDER), join(staged, ACCOUNT, 'journal'), wallMs, (marketMs) =>
      restoredHalt({ wallMs, marketMs, by, why }),
    );
  }
  const copyTree = (from: string, to: string): Promise<void> =>
    existsSync(join(folder, from))
      ? cp(join(folder, from), join(staged, to), { recursive: true })
      : Promise.resolve();
  await copyTree(place.PAPER_BOOK_FOLDER, join(ACCOUNT, 'paper-book'));
  await copyTree(place.RESTING_FOLDER, place.RESTING_FOLDER);
  for (const file of [place.RULES_FROM_FILE, place.MARKET_POSITION_FILE])
    if (existsSync(join(folder, file))) await copyFile(join(folder, file), join(staged, file));
  await place.syncTree(staged);
  return KEPT.filter((name) =>
    name === ACCOUNT ? manifest.journal !== null : existsSync(join(staged, name)),
  );
}

async function recordRestore(
  pool: Pool,
  { desk, id, takenMs }: Manifest,
  { by, nowMs }: RestoreRequest,
  startedMs: number,
): Promise<void> {
  const run = `restore-${id}-${startedMs}`;
  await recordEvidenceBatch(pool, [
    {
      ...{ desk, workflowId: `restore:${desk}`, firstRunId: run, runId: run, routine: 'restore' },
      ...{ stepKey: 'restore', name: 'Backup restored in the place of the desk', kind: 'action' },
      verdict: 'pass',
      observed: `backup ${id}, taken ${new Date(takenMs).toISOString()}: what was recorded between then and now is not in this chain`,
      expected: 'tables, ledger, resting accounts and evidence are what the manifest says',
      ...{ startedMs, finishedMs: nowMs(), marketMs: null, person: by, reference: id, simulated: false },
    },
  ]);
}

async function writeMark(home: string, mark: RestoreMark): Promise<void> {
  const file = restoreMarkFile(home);
  await writeFile(`${file}.new`, `${JSON.stringify(mark, null, 2)}\n`, { mode: 0o600 });
  await place.syncFile(`${file}.new`);
  await rename(`${file}.new`, file);
  await place.syncFile(restoreFolder(home));
}

/** Each move is made once, however often this is cut off and begun again. */
async function putInPlace(
  { home, onMove = () => undefined }: RestoreRequest,
  mark: RestoreMark,
  server: OwnServer,
): Promise<void> {
  const { root } = deskPaths(homePaths(home), mark.desk);
  const staged = join(restoreFolder(home), 'ready');
  await mkdir(mark.keptIn, { recursive: true, mode: 0o700 });
  for (const name of KEPT) {
    const restored = join(staged, name);
    if (mark.has.includes(name) && !existsSync(restored)) continue;
    await moveAside(join(root, name), mark.keptIn);
    onMove(`${name} aside`);
    if (mark.has.includes(name)) await rename(restored, join(root, name));
    onMove(name);
  }
  // Its runs are of the time that was taken back; schedules come back from the desk file, pauses from Postgres.
  await moveAside(homePaths(home).temporal, mark.keptIn);
  onMove('temporal aside');
  await server.takePlace(mark.database, mark.keptDatabase);
  onMove('database');
  await rm(staged, { recursive: true, force: true });
  await rm(restoreMarkFile(home));
}

async function moveAside(path: string, folder: string): Promise<void> {
  if (existsSync(path)) await rename(path, join(folder, path.slice(path.lastIndexOf('/') + 1)));
}
