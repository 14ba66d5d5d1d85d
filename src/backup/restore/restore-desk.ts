/**
 * Replaces the desk with a backup. First, everything is prepared and proven next to the desk: a database of
 * another name on the installation's server, the accounts in a folder. Then each existing part is moved aside
 * and the restored one takes its place; nothing is deleted. After an interruption, running the same restore
 * again continues it, and no desk starts before that.
 */
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { backupWorkflowId } from '../../contracts/queues.js';
import { counted } from '../../domain/figure-text.js';
import { databaseOf, sharesServers, takeNewNamespace } from '../../home/installation.js';
import {
  type RestoreMark,
  readRestoreMark,
  restoreFolder,
  restoreMarkFile,
  writeRestoredRows,
} from '../../home/restore-mark.js';
import { type DeskPaths, deskPaths, homePaths } from '../../home/runtime.js';
import { verifyLedger } from '../../ledger/verify-ledger.js';
import type { OnForged, RowMaker } from '../../store/access-rows.js';
import { saveBackup } from '../../store/backup-rows.js';
import { recordEvidenceBatch } from '../../store/evidence-rows.js';
import { readPersonLinks } from '../../store/people.js';
import type { Pool } from '../../store/pool.js';
import { PasskeyTable } from '../../store/sign-in-means.js';
import { rulesToTakeOverFrom } from '../../trader/accounts/paper-accounts.js';
import { copyAnew, restoredHalt } from '../../trader/journal/begin-anew.js';
import { openJournal } from '../../trader/journal/open-journal.js';
import { readJournal } from '../../trader/journal/read-journal.js';
import * as place from '../backup-folder.js';
import { type DrillStep, DrillSteps, type Observation } from '../drill/drill-step.js';
import type { Manifest } from '../manifest.js';
import { backupRow, isOfFileManager, type PassedOver, type VerifiedBackup } from '../verify-backup.js';
import { type OwnServer, openOwnServer } from './own-server.js';
import { enoughSpace, proveRestored, readBack } from './prove-restored.js';

const ACCOUNT = 'account';
/**
 * The parts of a desk's folder that a backup may contain. A part that the backup lacks did not exist then,
 * and is only moved aside.
 */
const KEPT = [ACCOUNT, place.SET_ASIDE_FOLDER, place.RULES_FROM_FILE, place.MARKET_POSITION_FILE] as const;

/** A desk's name never contains an underscore, so no desk uses this database. */
const databaseBeside = (home: string): string => `${databaseOf(home)}_restored`;

/** With the time of the restore appended, the name stays within Postgres' limit of 63 characters. */
const KEPT_CHARS = 30;

const stagedIn = (home: string): string => join(restoreFolder(home), 'ready');

interface RestoreRequest {
  readonly home: string;
  readonly backupId: string;
  /** Named in the journal's halt and in the evidence. */
  readonly by: string;
  /** Temporal stays as it is: it belongs to somebody else, or its runs match the journal, which stays. */
  readonly keepsTemporal?: boolean;
  /** The accounts stay unchanged with their journal, from which the ledger catches up. */
  readonly databaseOnly?: boolean;
  /** Newer backups that are damaged, for the evidence. */
  readonly passedOver?: readonly PassedOver[];
  readonly nowMs: () => number;
  /**
   * Called once the backup is known to be whole and to fit, before anything else. Resolves with what it
   * ended.
   */
  readonly onReadBack?: () => Promise<readonly string[]>;
  /** Called when each step begins. */
  readonly onStep?: (title: string) => void;
  /** Called between two moves: a test ends the process there. */
  readonly onMove?: (what: string) => void;
  readonly signal?: AbortSignal;
}

interface KeptParts {
  readonly folder: string | null;
  readonly database: string | null;
}

export interface RestoreOutcome {
  readonly passed: boolean;
  readonly steps: readonly DrillStep[];
  /** Where the replaced parts are now; null for those that were not there. Null: nothing was moved. */
  readonly kept: KeptParts | null;
  /** What an earlier start had left running, and was ended. */
  readonly ended: readonly string[];
}

/** From `onReadBack` on, nothing else of Fermata may run in `home`: the caller holds the locks. */
export async function restoreDesk(request: RestoreRequest): Promise<RestoreOutcome> {
  const { home, backupId, signal } = request;
  const steps = new DrillSteps(request.onStep ?? (() => {}));
  const begun = readRestoreMark(home);
  const backup = begun === null ? await readBack(steps, home, backupId, signal) : null;
  if (backup !== null) await steps.run(SPACE, () => enoughSpace(home, backup.manifest));
  if (!steps.passed) return { passed: false, steps: steps.done, kept: null, ended: [] };
  const ended = (await request.onReadBack?.()) ?? [];
  if (ended.length > 0) request.onStep?.(`Ended what an earlier start had left: ${ended.join(', ')}`);
  const server = await openOwnServer(home, signal);
  try {
    const mark = begun ?? (await makeReady(steps, request, backup as VerifiedBackup, server));
    if (mark === null) {
      await rm(stagedIn(home), { recursive: true, force: true });
      await server.dropDatabase(databaseBeside(home));
      return { passed: false, steps: steps.done, kept: null, ended };
    }
    let kept: KeptParts = { folder: mark.keptIn, database: mark.keptDatabase };
    await steps.run(
      {
        key: 'switch',
        title: 'In the place of what was there',
        expected: 'all of it is there; what was there is kept',
      },
      async () => {
        kept = await putInPlace(request, mark, server);
        const observed =
          kept.folder === null ? 'no files were there before' : `what was there is kept in ${kept.folder}`;
        return { ok: true, observed };
      },
    );
    return { passed: steps.passed, steps: steps.done, kept, ended };
  } finally {
    await server.stop();
  }
}

/** Null: the backup could not be proven, and the desk was not changed. */
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
    const database = await server.createDatabase(databaseBeside(home));
    pool = database.pool;
    return database;
  };
  await proveRestored(steps, backup, { title: 'Restored into a database of its own', open }, signal);
  const { manifest } = backup;
  const stamp = place.backupIdAt(startedMs);
  const paths = deskPaths(homePaths(home), manifest.desk);
  const keptIn = join(paths.root, `before-restore-${stamp}`);
  let has: readonly string[] = [];
  const { databaseOnly = false } = request;
  if (databaseOnly)
    await steps.run(CONTINUES, async () => {
      const continued = await continues(pool as unknown as Pool, home, manifest);
      if (continued.ok) {
        await skipTaskIds(pool as unknown as Pool);
        await sweepRoutines(pool as unknown as Pool, startedMs);
        await countMailFrom(pool as unknown as Pool, startedMs);
        await recordRestore(pool as unknown as Pool, backup, request, startedMs);
      }
      return continued;
    });
  else
    await steps.run(
      {
        key: 'accounts',
        title: 'Accounts ready',
        expected: 'the journal goes on under a new incarnation, halted until a person has looked',
      },
      async () => {
        if (manifest.journal === null) return { ok: false, observed: 'the desk had no journal yet' };
        await stageAccounts(backup, request);
        const rules = rulesSince(paths, keptIn);
        if (rules !== null)
          await writeFile(join(stagedIn(home), place.RULES_FROM_FILE), rules, { mode: 0o600 });
        await place.syncTree(stagedIn(home));
        has = KEPT.filter((name) => existsSync(join(stagedIn(home), name)));
        await countMailFrom(pool as unknown as Pool, startedMs);
        await recordRestore(pool as unknown as Pool, backup, request, startedMs);
        return { ok: true, observed: has.join(', ') };
      },
    );
  if (!steps.passed) return null;
  signal?.throwIfAborted();
  writeRestoredRows(home, await accessRows(pool as unknown as Pool, manifest.desk));
  const mark: RestoreMark = {
    backupId: manifest.id,
    desk: manifest.desk,
    database: databaseBeside(home),
    has,
    keptIn,
    keepsTemporal: request.keepsTemporal ?? false,
    ...(databaseOnly ? { databaseOnly } : {}),
    keptDatabase: `${databaseOf(home).slice(0, KEPT_CHARS)}_before_restore_${stamp.replaceAll(/\D/g, '')}`,
  };
  await writeMark(home, mark);
  return mark;
}

/**
 * People's decisions since the backup stay in force: stops, tighter limits, strategies that are off. Returns
 * the path to the account that has them, as it will be once `keptIn` holds what is there now. Null: there is
 * none.
 */
function rulesSince(paths: DeskPaths, keptIn: string): string | null {
  const kept = join('..', basename(keptIn));
  const pending = rulesToTakeOverFrom(paths);
  if (pending === null) return existsSync(paths.journal) ? join(kept, ACCOUNT) : null;
  // The present account has not taken them over yet, so nobody has armed it. Accounts set aside move too;
  // what an earlier restore or reset has kept stays where it is.
  return pending.startsWith('..') ? pending : join(kept, place.SET_ASIDE_FOLDER, pending);
}

const DESK_RESTORED = 'Backup restored in the place of the desk';
const DATABASE_RESTORED = 'Database of a backup restored in the place of the desk’s';

const CONTINUES = {
  key: 'journal',
  title: 'The journal that is there goes on from it',
  expected: 'the restored ledger is its beginning, and it is not set back',
};

/** Checks that the ledger can follow the journal from where the backup's ledger ended. */
async function continues(pool: Pool, home: string, { desk }: Manifest): Promise<Observation> {
  const { journal } = deskPaths(homePaths(home), desk);
  if (!existsSync(journal)) return { ok: false, observed: 'there is no journal: restore all of the backup' };
  const proof = await verifyLedger(pool, desk, journal);
  if (proof.equal)
    return { ok: true, observed: `${counted(proof.entries, 'entry', 'entries')}, and none to catch up` };
  if (proof.behind)
    return {
      ok: true,
      observed: `${counted(proof.entries, 'entry', 'entries')}, and ${proof.missing} to catch up`,
    };
  return { ok: false, observed: `it is another journal, from entry ${proof.sequence} on: ${proof.why}` };
}

/** More tasks than are created between two backups. */
const TASKS_SKIPPED = 1_000_000;

/**
 * A surviving run may wait for a task created since the backup: no new task may get the same id and answer
 * for it.
 */
async function skipTaskIds(pool: Pool): Promise<void> {
  await pool.query(
    `select setval(pg_get_serial_sequence('task', 'id'), (select coalesce(max(id), 0) from task) + $1)`,
    [TASKS_SKIPPED],
  );
}

/** Due times since the backup were run, or reported as missed, in the database that is moved aside. */
async function sweepRoutines(pool: Pool, untilMs: number): Promise<void> {
  await pool.query('update routine_sweep set swept_until = greatest(swept_until, $1)', [new Date(untilMs)]);
}

/**
 * What was mailed since the backup is on record only in the database that is moved aside: who looks for summaries must
 * not take it for missing. Backups of early versions know of no such time.
 */
async function countMailFrom(pool: Pool, sinceMs: number): Promise<void> {
  const known = await pool.query(
    `select from information_schema.columns where table_name = 'routine_sweep' and column_name = 'applies_since'`,
  );
  if (known.rowCount !== 0)
    await pool.query('update routine_sweep set applies_since = greatest(applies_since, $1)', [
      new Date(sinceMs),
    ]);
}

/** Key of a step in the outcome. */
export const SPACE_STEP = 'space';
const SPACE = { key: SPACE_STEP, title: 'Room on the disk', expected: 'twice what the backup unfolds to' };

async function stageAccounts(
  { folder, manifest }: VerifiedBackup,
  { home, by, nowMs }: RestoreRequest,
): Promise<void> {
  const staged = stagedIn(home);
  await rm(staged, { recursive: true, force: true });
  await mkdir(join(staged, ACCOUNT), { recursive: true, mode: 0o700 });
  const taken = new Date(manifest.takenMs).toISOString();
  const wallMs = nowMs();
  const why = `${by} restored backup ${manifest.id}, taken ${taken}`;
  await copyAnew(join(folder, place.JOURNAL_FOLDER), join(staged, ACCOUNT, 'journal'), wallMs, (marketMs) =>
    restoredHalt({ wallMs, marketMs, by, why }),
  );
  const copyTree = (from: string, to: string): Promise<void> =>
    existsSync(join(folder, from))
      ? cp(join(folder, from), join(staged, to), {
          recursive: true,
          filter: (path) => !isOfFileManager(path),
        })
      : Promise.resolve();
  await copyTree(place.PAPER_BOOK_FOLDER, join(ACCOUNT, 'paper-book'));
  await copyTree(place.SET_ASIDE_FOLDER, place.SET_ASIDE_FOLDER);
  for (const file of [place.RULES_FROM_FILE, place.MARKET_POSITION_FILE])
    if (existsSync(join(folder, file))) await copyFile(join(folder, file), join(staged, file));
}

async function recordRestore(
  pool: Pool,
  backup: VerifiedBackup,
  { by, nowMs, databaseOnly = false, passedOver = [] }: RestoreRequest,
  startedMs: number,
): Promise<void> {
  const { desk, id, takenMs } = backup.manifest;
  await forgetTaking(pool, desk);
  // The dump is older than the row that says that it was verified.
  await saveBackup(pool, backupRow(backup, nowMs()));
  const run = `restore-${id}-${startedMs}`;
  const damaged = passedOver.map((one) => `; newer backup ${one.id} is damaged: ${one.why}`).join('');
  await recordEvidenceBatch(pool, [
    {
      ...{ desk, workflowId: `restore:${desk}`, firstRunId: run, runId: run, routine: 'restore' },
      ...{ stepKey: 'restore', name: databaseOnly ? DATABASE_RESTORED : DESK_RESTORED, kind: 'action' },
      verdict: 'pass',
      observed: `backup ${id}, taken ${new Date(takenMs).toISOString()}: what was recorded between then and now is not in this chain${damaged}`,
      expected: 'tables, ledger, accounts set aside and evidence are what the manifest says',
      ...{ startedMs, finishedMs: nowMs(), marketMs: null, person: by, reference: id, simulated: false },
    },
  ]);
}

/**
 * The run that took the backup was open in its snapshot, and has ended since: it must not be reported as
 * lost. Backups of early versions know of no runs.
 */
async function forgetTaking(pool: Pool, desk: string): Promise<void> {
  const known = await pool.query(`select to_regclass('run_seen') is not null as known`);
  if (known.rows[0]?.known)
    await pool.query('delete from run_seen where desk = $1 and workflow_id = $2', [
      desk,
      backupWorkflowId(desk),
    ]);
}

/** Not whether they count: a restore in a container has no key to tell. */
async function accessRows(pool: Pool, desk: string): Promise<readonly string[]> {
  const keys: string[] = [];
  const onForged: OnForged = ({ key }) => void keys.push(key);
  const unknown: RowMaker = { codeOf: () => '', standingOf: () => 'forged' };
  const linked = await peopleIn(pool, 'person_link', desk);
  if (linked.length > 0) await readPersonLinks(pool, unknown, desk, linked, onForged);
  const passkeys = new PasskeyTable(pool, desk, unknown, () => false, onForged);
  for (const person of await peopleIn(pool, 'passkey', desk)) await passkeys.of(person);
  return keys;
}

/** Backups of early versions have no such table. */
async function peopleIn(pool: Pool, table: string, desk: string): Promise<readonly string[]> {
  const known = await pool.query('select to_regclass($1) is not null as known', [table]);
  if (!known.rows[0]?.known) return [];
  const found = await pool.query(`select distinct person from ${table} where desk = $1`, [desk]);
  return found.rows.map(({ person }) => person);
}

async function writeMark(home: string, mark: RestoreMark): Promise<void> {
  const file = restoreMarkFile(home);
  await mkdir(restoreFolder(home), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(mark, null, 2)}\n`, { mode: 0o600 });
  await place.syncFile(`${file}.new`);
  await rename(`${file}.new`, file);
  await place.syncFile(restoreFolder(home));
}

/** Makes each move once, however often this is interrupted and repeated. */
async function putInPlace(request: RestoreRequest, mark: RestoreMark, server: OwnServer): Promise<KeptParts> {
  const { home, onMove = () => undefined } = request;
  const { root } = deskPaths(homePaths(home), mark.desk);
  const staged = stagedIn(home);
  await mkdir(mark.keptIn, { recursive: true, mode: 0o700 });
  if (mark.databaseOnly) await haltJournal(request, mark);
  for (const name of mark.databaseOnly === true ? [] : KEPT) {
    const restored = join(staged, name);
    if (mark.has.includes(name) && !existsSync(restored)) continue;
    await moveAside(join(root, name), mark.keptIn);
    onMove(`${name} aside`);
    if (mark.has.includes(name)) await rename(restored, join(root, name));
    onMove(name);
  }
  // Temporal's runs belong to the time after the backup. Schedules come back from the desk file, pauses from
  // Postgres.
  if (!mark.keepsTemporal) {
    if (sharesServers(home)) takeNewNamespace(home, mark.keptDatabase.replace(/^.*_/, ''));
    else await moveAside(homePaths(home).temporal, mark.keptIn);
  }
  onMove('temporal aside');
  const hadDatabase = await server.takePlace(mark.database, mark.keptDatabase);
  onMove('database');
  for (const folder of [mark.keptIn, root, home]) await place.syncFile(folder);
  await rm(staged, { recursive: true, force: true });
  await rm(restoreMarkFile(home));
  await place.syncFile(restoreFolder(home));
  const hadFiles = (await readdir(mark.keptIn)).length > 0;
  if (!hadFiles) await rmdir(mark.keptIn);
  return { folder: hadFiles ? mark.keptIn : null, database: hadDatabase ? mark.keptDatabase : null };
}

/** Repeated after an interruption: a second halt with the same cause changes nothing. */
async function haltJournal({ home, by, nowMs }: RestoreRequest, mark: RestoreMark): Promise<void> {
  const { journal: directory } = deskPaths(homePaths(home), mark.desk);
  const wallMs = nowMs();
  let marketMs = wallMs;
  let mayTradeLive = false;
  for (const { record } of readJournal(directory)) {
    if ('marketMs' in record) marketMs = record.marketMs;
    if (record.type === 'golive.granted') mayTradeLive = true;
    if (record.type === 'golive.voided') mayTradeLive = false;
  }
  const { journal } = await openJournal({ directory });
  const why = `${by} restored the database of backup ${mark.backupId}`;
  // The restored database may not know that go-live, and nobody would watch it.
  if (mayTradeLive) journal.append({ type: 'golive.voided', by, reason: why, marketMs }, wallMs);
  await journal.whenDurable(journal.append(restoredHalt({ wallMs, marketMs, by, why }), wallMs));
  await journal.close();
}

async function moveAside(path: string, folder: string): Promise<void> {
  if (existsSync(path)) await rename(path, join(folder, basename(path)));
}
