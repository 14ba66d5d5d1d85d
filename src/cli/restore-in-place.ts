/**
 * Restores a backup in the place of a desk that has ended: the conditions that forbid it, and the locks held
 * meanwhile. Also the restore of the database that people agree to in an incident: chosen while the desk
 * runs, carried out by the process that starts it again. That one leaves Temporal as it is: its runs belong
 * to the journal, which is not set back, and the incident is one of them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { backupsFolder } from '../backup/backup-folder.js';
import {
  type RestoreOutcome as DeskRestored,
  restoreDesk,
  SPACE_STEP,
} from '../backup/restore/restore-desk.js';
import { newestGoodBackup, type PassedOver } from '../backup/verify-backup.js';
import { isContainer } from '../desk/desk-environment.js';
import { messageOf } from '../domain/message-of.js';
import { type FileLock, tryLockFile } from '../home/file-lock.js';
import { desksStartedIn } from '../home/installation.js';
import {
  type BackupChoice,
  type RestoreOrder,
  type RestoreOutcome,
  readRestoreMark,
  readRestoreOrder,
  writeRestoreOrder,
} from '../home/restore-mark.js';
import { deskPaths } from '../home/runtime.js';
import { ensureSecrets } from '../home/secrets.js';
import { nothingJoined } from '../home/shared-process.js';
import { endLeftChildren } from '../supervisor/process-table.js';
import { everySeparateRole } from '../supervisor/roles.js';
import { claimHome } from '../supervisor/start/claim-home.js';
import { livingRoles } from '../worker/role-life.js';
import { CliFailure } from './failure.js';

export interface ChosenBackup {
  readonly home: string;
  readonly id: string;
  /** Name of the backup's desk. */
  readonly desk: string;
  /** Newer backups that are damaged. */
  readonly passedOver: readonly PassedOver[];
}

interface InPlace {
  readonly databaseOnly: boolean;
  /** Whether the desk's Temporal stays as it is. */
  readonly keepsTemporal: () => boolean;
  /** Recorded in the journal's halt and in the evidence. */
  readonly by: string;
  /** Rejects if nobody agrees. Called once nothing else forbids the restore. */
  readonly agreed?: () => Promise<void>;
  readonly onStep?: (title: string) => void;
  readonly signal?: AbortSignal;
}

export type RestoredInPlace = DeskRestored & { readonly keepsTemporal: boolean };

/** Throws if every backup of the desk is damaged. */
export async function newestGood(home: string, desk: string) {
  const found = await newestGoodBackup(home, desk);
  const named = found.passedOver.map(({ id, why }) => `backup ${id} is damaged (${why})`);
  if (found.id === null && named.length > 0)
    throw new CliFailure(
      `there is no good backup of ${desk}: ${named.join('; ')}`,
      'nothing was touched',
      `copy a good one to ${backupsFolder(home)}, or fetch it from where copies are sent: fermata restore --latest --s3`,
    );
  for (const line of named) process.stderr.write(`! ${line}: it is passed over\n`);
  return found;
}

/** Throws a `CliFailure` if the restore is refused; then nothing was changed. */
export async function restoreInPlace(
  chosen: ChosenBackup,
  { databaseOnly, by, agreed, onStep, signal, ...given }: InPlace,
): Promise<RestoredInPlace> {
  const { home, id, desk, passedOver } = chosen;
  if (isContainer(process.env)) refuseLivingRoles(home);
  refuseWhereShared(home, desk);
  const claim = await claimHome(home);
  if (claim.kind === 'taken') throw running(claim.message);
  const { journal } = deskPaths(claim.paths, desk);
  const held: FileLock[] = [claim.lock];
  const onReadBack = async (): Promise<readonly string[]> => {
    // A trader may outlive its supervisor.
    const ended = await endLeftChildren(join(claim.paths.run, 'children.json'));
    // A role that runs in another desk's process is on no list of children.
    const joined = await nothingJoined(home, signal ?? new AbortController().signal).catch((error: unknown) =>
      Promise.reject(running(messageOf(error))),
    );
    held.push(...joined);
    const journalLock = existsSync(journal) ? tryLockFile(join(journal, 'lock')) : null;
    if (existsSync(journal) && journalLock === null) throw running(`the trader of ${desk} runs`);
    // In containers, the set-up has dealt out the secrets, and nobody else can write them.
    if (!isContainer(process.env)) await ensureSecrets(home);
    // The journal is opened to record the halt. Nothing starts meanwhile, since this home is claimed.
    if (databaseOnly) journalLock?.release();
    else if (journalLock !== null) held.push(journalLock);
    return ended;
  };
  try {
    const keepsTemporal = given.keepsTemporal();
    refuseAnother(chosen);
    await agreed?.();
    const outcome = await restoreDesk({
      ...{ home, backupId: id, by, nowMs: Date.now, keepsTemporal, databaseOnly, passedOver, onReadBack },
      ...(onStep === undefined ? {} : { onStep }),
      ...(signal === undefined ? {} : { signal }),
    });
    return { ...outcome, keepsTemporal };
  } finally {
    for (const lock of held.toReversed()) lock.release();
  }
}

/** Refuses while a role runs in its own container: whoever started the container must end it. */
function refuseLivingRoles(home: string): void {
  const living = livingRoles(everySeparateRole(), home, Date.now());
  if (living.length === 0) return;
  throw new CliFailure(
    `${living.join(', ')} of this desk ${living.length === 1 ? 'runs, or was' : 'run, or were'} killed just now`,
    'nothing was touched',
    'end the containers of the roles, and leave those of Postgres and Temporal: the commands are in docs/BACKUP.md, "In containers"; where one was killed, wait 15 seconds',
  );
}

/** Refuses, whether or not the desk runs, if its database also holds another desk's data. */
function refuseWhereShared(home: string, desk: string): void {
  // Earlier versions kept several desks in one home and one database: another desk's data would go back in
  // time with this one's.
  const others = desksStartedIn(home).filter((name) => name !== desk);
  if (others.length === 0) return;
  throw new CliFailure(
    `the same database holds what ${others.join(', ')} kept, which would be set back with ${desk}`,
    'nothing was touched',
    `restore into a FERMATA_HOME of its own (copy this backup and the secrets there), or move ${join(home, 'desks', others[0] ?? '')} away first`,
  );
}

/** If a restore was interrupted, only that one may continue. */
function refuseAnother({ home, id }: ChosenBackup): void {
  const mark = readRestoreMark(home);
  if (mark === null || mark.backupId === id) return;
  throw new CliFailure(
    `the restore of backup ${mark.backupId} was cut off while it put things in their places`,
    'nothing was touched now',
    `let it come to its end first: fermata restore ${mark.backupId}`,
  );
}

const running = (what: string): CliFailure =>
  new CliFailure(what, 'nothing was touched', 'end it first: fermata down');

/** Throws a `CliFailure` if a restore would be refused, or there is no good backup. */
export async function backupToRestore(home: string, desk: string): Promise<BackupChoice> {
  if (isContainer(process.env))
    throw new CliFailure(
      'in containers nobody here can end the desk and start it again',
      'nothing was touched',
      'stop the desk, and restore as docs/BACKUP.md says it for containers',
    );
  refuseWhereShared(home, desk);
  const { id, passedOver } = await newestGood(home, desk);
  if (id === null)
    throw new CliFailure(
      `there is no backup of ${desk}`,
      'nothing was touched',
      'copy one there, or fetch it from where copies are sent: fermata restore --latest --s3',
    );
  return { backupId: id, passedOver };
}

/**
 * Runs once everything of the desk has ended. The outcome is stored for whoever asked, and printed on the
 * terminal. Rejects if it can't be stored.
 */
export async function restoreAsOrdered(home: string, desk: string, signal: AbortSignal): Promise<void> {
  const order = readRestoreOrder(home);
  if (order === null || order.outcome !== null) return;
  const outcome = await carryOut(home, desk, order, signal).catch(
    (error: unknown): RestoreOutcome => ({ restored: false, says: messageOf(error) }),
  );
  writeRestoreOrder(home, { ...order, outcome });
  process.stderr.write(`${outcome.restored ? '✓' : '✗'} ${outcome.says}\n`);
}

/**
 * Tries backup after backup: even an undamaged one may fail, which shows only when it is restored into a
 * copy.
 */
async function carryOut(
  home: string,
  desk: string,
  { by, ...ordered }: RestoreOrder,
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  const passedOver = [...ordered.passedOver];
  let triesAgain = true;
  // Why it was interrupted while things were being put in place. Null: it was not.
  let cut: string | null = null;
  const cutOff = (id: string, why: string): RestoreOutcome => ({
    restored: false,
    says: `the restore was cut off while things were put in their places (${why}): fermata restore ${id} goes on with it`,
  });
  for (let id: string | null = ordered.backupId; id !== null; ) {
    const made = await restoreInPlace(
      { home, id, desk, passedOver },
      {
        ...{ databaseOnly: true, keepsTemporal: () => true, by, signal },
        onStep: (title) => void process.stderr.write(`… ${title}\n`),
      },
    ).catch((error: unknown) => {
      if (signal.aborted || (!triesAgain && cut === null)) throw error;
      process.stderr.write(`✗ ${messageOf(error)}${triesAgain ? ': it is tried once more' : ''}\n`);
      return null;
    });
    // The restore's own Postgres may have died during it.
    if (made === null) {
      if (cut !== null) return cutOff(id, cut);
      triesAgain = false;
      continue;
    }
    const { passed, steps, kept } = made;
    if (passed) {
      const damaged = passedOver.map((one) => `; newer backup ${one.id} is damaged: ${one.why}`).join('');
      const says = `backup ${id} is in the place of the database${kept?.database == null ? '' : `, which is kept as ${kept.database}`}${damaged}`;
      return { restored: true, says };
    }
    const failed = steps.find(({ verdict }) => verdict !== 'pass');
    const why = `${failed?.title}: ${failed?.observed}`;
    // A first failure may be the machine's fault; a second one is the backup's.
    if (triesAgain && failed?.key !== SPACE_STEP) {
      cut = kept === null ? null : why;
      triesAgain = false;
      continue;
    }
    if (kept !== null) return cutOff(id, why);
    passedOver.push({ id, why });
    // An older backup needs as much room.
    if (failed?.key === SPACE_STEP) break;
    triesAgain = true;
    const older = await newestGoodBackup(home, desk, { signal, olderThan: id });
    passedOver.push(...older.passedOver);
    id = older.id;
  }
  const why = passedOver.map((one) => `backup ${one.id}: ${one.why}`).join('; ');
  return { restored: false, says: `nothing was restored, and nothing was touched: ${why}` };
}
