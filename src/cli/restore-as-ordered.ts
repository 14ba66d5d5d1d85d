/**
 * The restore of the database that a person agreed to in an incident: chosen while the desk runs, carried out by the
 * process that starts it again. Temporal stays as it is: its runs belong to the journal, which is not set back, and
 * the incident is one of them.
 */
import { SPACE_STEP } from '../backup/restore/restore-desk.js';
import { newestGoodBackup } from '../backup/verify-backup.js';
import { messageOf } from '../domain/message-of.js';
import { isContainer } from '../home/process-environment.js';
import {
  type BackupChoice,
  type RestoreOrder,
  type RestoreOutcome,
  readRestoreOrder,
  writeRestoreOrder,
} from '../home/restore-mark.js';
import { CliFailure } from './failure.js';
import { newestGood, refuseWhereShared, restoreInPlace } from './restore-in-place.js';

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
 * Runs once everything of the desk has ended. The outcome is kept for whoever asked, and printed on the terminal.
 * Rejects if it can't be kept.
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
 * Tries backup after backup: an undamaged one may still not be good, which only shows when it is restored into a
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
  // Why it was interrupted while things were being put in place; null if it was not.
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
      const says = `backup ${id} is in the place of the database, which is kept as ${kept?.database}${damaged}`;
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
    // An older backup takes as much room.
    if (failed?.key === SPACE_STEP) break;
    triesAgain = true;
    const older = await newestGoodBackup(home, desk, { signal, olderThan: id });
    passedOver.push(...older.passedOver);
    id = older.id;
  }
  const why = passedOver.map((one) => `backup ${one.id}: ${one.why}`).join('; ');
  return { restored: false, says: `nothing was restored, and nothing was touched: ${why}` };
}
