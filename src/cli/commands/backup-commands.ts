/** Backups: taking one, listing them on this machine and off it, and trying a restore. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { backupsFolder, listBackupIds } from '../../backup/backup-folder.js';
import { type Manifest, readManifest, sizeOf } from '../../backup/manifest.js';
import type { OffsiteBackup } from '../../backup/offsite/fetch-backup.js';
import { backupRow, type VerifiedBackup, verifyBackup } from '../../backup/verify-backup.js';
import { BACKUP_TAGS, type BackupTag } from '../../contracts/backup.js';
import { grouped } from '../../domain/figure-text.js';
import { OPERATOR } from '../../domain/people-roles.js';
import { writtenFileOf } from '../../home/runtime.js';
import { runtimeHere } from '../../home/started-desks.js';
import { inMegabytes } from '../../reports/sizes.js';
import { readBackups, readDrills, saveBackup } from '../../store/backup-rows.js';
import type { Pool } from '../../store/pool.js';
import { loadDesk } from '../../venue/load-desk.js';
import { actingPerson } from '../desk-person.js';
import { CliFailure, EXIT_FAILED } from '../failure.js';
import { withDatabase } from '../named-desk.js';
import { offsiteCopies, requireBackup, requireOffsite, showBackup } from '../offsite-copies.js';
import { wholeNumber } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { fermataHome, withOperations } from '../running-desk.js';

const BACKUP_SECONDS = 600;
const TIMEOUT_SECONDS_MAX = 86_400;

interface BackupOptions {
  readonly verify?: boolean;
  readonly s3?: boolean;
  readonly tag?: BackupTag;
  readonly as?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function backupCommand(command: Command): void {
  command
    .option('--verify', 'read everything back; only then does it count as a backup')
    .option('--s3', 'send a copy to the storage of the desk file; reads everything back as --verify does')
    .addOption(
      new Option('--tag <tag>', 'what it is kept as; retention counts each tag separately').choices(
        BACKUP_TAGS,
      ),
    )
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber(1, TIMEOUT_SECONDS_MAX), BACKUP_SECONDS)
    .option('--json', 'for scripts')
    .action(async ({ as, json = false, ...asked }: BackupOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        if (asked.s3 === true)
          requireOffsite({ ...loadDesk(runtime.deskFile), file: writtenFileOf(runtime) });
        return showBackup('backup', await operations.takeBackup(caller, requestOf(asked)), json);
      }, `the backup, at most ${asked.timeout} s; it goes on without this command`);
    });
}

/** What is sent away was read back before. */
export const requestOf = ({ verify = false, s3 = false, tag, timeout }: Omit<BackupOptions, 'as'>) => ({
  verify: verify || s3,
  offsite: s3,
  tag: tag ?? null,
  patienceMs: timeout * 1_000,
});

interface BackupsOptions {
  readonly desk?: string;
  readonly local?: boolean;
  readonly verify?: boolean;
  readonly json?: boolean;
}

interface ListedBackup {
  readonly place: 'here' | 's3';
  readonly id: string;
  /** Null: not known; `problem` says why. */
  readonly desk: string | null;
  readonly takenMs: number | null;
  readonly tag: BackupTag | null;
  readonly bytes: number | null;
  readonly rows: number | null;
  /** Null: no check so far has found a problem. */
  readonly problem: string | null;
  /** Whether every byte was read for that. */
  readonly read: boolean;
  /** Whether the desk has it on record as read back or restored. Null: it can't be asked, or it is a copy. */
  readonly onRecord: boolean | null;
}

interface Away {
  readonly copies: readonly ListedBackup[];
  /** Null: there was none. */
  readonly failure: unknown;
}

const NOT_ASKED: Away = { copies: [], failure: null };

/** Reads manifests and receipts, so it works while nothing runs. */
export function backupsCommand(command: Command): void {
  command
    .option('--desk <name>', 'only those of this desk')
    .option('--local', 'only those on this machine')
    .option(
      '--verify',
      'read every byte of those here; otherwise only check that each file is there, with its size',
    )
    .option('--json', 'for scripts')
    .action(async ({ desk, local = false, verify = false, json = false }: BackupsOptions) => {
      const home = fermataHome();
      const here = (await listHere(home, verify)).filter((one) => desk === undefined || one.desk === desk);
      const away = local ? NOT_ASKED : await listAway(home, desk);
      const listed = [...here, ...away.copies];
      // A script gets one answer, all or nothing; with --local, it gets the local backups in any case.
      if (json && away.failure !== null) throw away.failure;
      if (json) printJson(listed);
      else if (listed.length > 0) printLines(listed.map(backupLine));
      else
        printLines([
          `no backup${desk === undefined ? '' : ` of ${desk}`} in ${backupsFolder(home)}`,
          ['  take one: fermata backup --verify', ...(desk === undefined ? [] : ['--desk', desk])].join(' '),
        ]);
      if (away.failure !== null) throw away.failure;
      if (verify && here.some(({ problem }) => problem !== null)) process.exitCode = EXIT_FAILED;
    });
}

/** Newest first. */
async function listHere(home: string, verify: boolean): Promise<readonly ListedBackup[]> {
  const listed: ListedBackup[] = [];
  const good: VerifiedBackup[] = [];
  const proven = await provenBackups(home);
  for (const id of (await listBackupIds(home)).toReversed()) {
    const folder = join(backupsFolder(home), id);
    const reading = await readManifest(folder);
    const common = { place: 'here', id, read: verify } as const;
    if (!reading.ok) {
      const unknown = { desk: null, takenMs: null, tag: null, bytes: null, rows: null };
      listed.push({ ...common, ...unknown, problem: reading.why, onRecord: null });
      continue;
    }
    const { manifest } = reading;
    const { desk, takenMs, tag } = manifest;
    const verification = verify ? await verifyBackup(folder) : null;
    if (verification?.ok === true) good.push(verification.backup);
    const damage = verification?.ok === false ? verification.problems.join('; ') : null;
    const problem = verification === null ? await missing(folder, manifest) : damage;
    const onRecord = proven?.desk === desk ? proven.ids.has(id) : null;
    listed.push({ ...common, desk, takenMs, tag, ...sizeOf(manifest), problem, onRecord });
  }
  await keepOnRecord(
    home,
    good.filter(({ manifest }) => manifest.desk === proven?.desk && !proven.ids.has(manifest.id)),
  );
  return listed;
}

/** Far more than are kept. */
const ON_RECORD_MAX = 1_000;

/** Null while Postgres doesn't answer: what is on the disk is listed all the same. */
async function provenBackups(home: string): Promise<{ desk: string; ids: ReadonlySet<string> } | null> {
  const runtime = runtimeHere(home);
  if (runtime === null) return null;
  const { desk } = runtime;
  const asked = async (pool: Pool) => {
    const verified = await readBackups(pool, desk, ON_RECORD_MAX);
    const drilled = (await readDrills(pool, desk, ON_RECORD_MAX)).filter(({ verdict }) => verdict === 'pass');
    return { desk, ids: new Set([...verified.map(({ id }) => id), ...drilled.map((one) => one.backupId)]) };
  };
  return withDatabase(runtime, 'backups', asked, (why) => new CliFailure(why, '', '')).catch(() => null);
}

/** A restored database does not know what was verified after its backup. Without Postgres nothing is kept. */
async function keepOnRecord(home: string, good: readonly VerifiedBackup[]): Promise<void> {
  const runtime = runtimeHere(home);
  if (runtime === null || good.length === 0) return;
  const keep = async (pool: Pool) => {
    for (const backup of good) await saveBackup(pool, backupRow(backup, Date.now()));
  };
  await withDatabase(runtime, 'backups', keep, (why) => new CliFailure(why, '', '')).catch(() => undefined);
}

async function missing(folder: string, { files }: Manifest): Promise<string | null> {
  for (const { path, bytes } of files) {
    const found = await stat(join(folder, path)).catch(() => null);
    if (found === null) return `${path} is missing`;
    if (found.size !== bytes) return `${path} has ${found.size} bytes, the manifest says ${bytes}`;
  }
  return null;
}

/** Local backups are shown even if the storage does not answer. */
async function listAway(home: string, desk: string | undefined): Promise<Away> {
  // Only a desk file says where copies are stored, and without a started desk none is known.
  if (desk === undefined && runtimeHere(home) === null) return NOT_ASKED;
  try {
    const copies = (await offsiteCopies(home, desk)) ?? [];
    return { copies: copies.map(listedCopy), failure: null };
  } catch (failure) {
    return { copies: [], failure };
  }
}

function listedCopy({ id, receipt, problem, bytes }: OffsiteBackup): ListedBackup {
  const { desk = null, takenMs = null, tag = null, rows = null } = receipt ?? {};
  return { place: 's3', id, desk, takenMs, tag, bytes, rows, problem, read: false, onRecord: null };
}

function backupLine({ place, id, desk, tag, bytes, rows, problem, read, onRecord }: ListedBackup): string {
  const where = place === 's3' ? ' in s3' : '';
  if (problem !== null) return `${id}${where}  ✗ ${problem}`;
  const said = [
    desk,
    `${grouped(inMegabytes(bytes ?? 0))} MB`,
    `${grouped(String(rows))} rows`,
    ...(tag ? [tag] : []),
  ];
  const unproven = onRecord === false ? '; nothing says that it was verified: fermata backups --verify' : '';
  const found = read ? '; every byte was read, and it is good' : unproven;
  return `${id}${where}  ${read ? '✓ ' : ''}${said.join(', ')}${found}`;
}

const DRILL_SECONDS = 1_800;

interface DrillOptions {
  readonly backup?: string;
  readonly as?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export function drillCommand(command: Command): void {
  command
    .option('--backup <id>', 'which backup; by default the newest')
    .option('--as <person>', 'who asks for it: the signed-in person')
    .option('--timeout <seconds>', 'how long to wait', wholeNumber(1, TIMEOUT_SECONDS_MAX), DRILL_SECONDS)
    .option('--json', 'for scripts')
    .action(async ({ backup, as, timeout, json = false }: DrillOptions) => {
      process.exitCode = await withOperations(async (operations, runtime) => {
        const caller = { person: actingPerson(runtime, OPERATOR, as), via: 'cli' } as const;
        if (backup !== undefined)
          await requireBackup(runtime.home, backup, 'take one first: fermata backup --verify');
        const request = { backupId: backup ?? null, patienceMs: timeout * 1_000 };
        return showBackup('restore drill', await operations.drillRestore(caller, request), json);
      }, `the restore drill, at most ${timeout} s; it goes on without this command`);
    });
}
