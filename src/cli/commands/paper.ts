import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_DESK } from '../../desk/resolve-desk.js';
import { isPaperAccount, PAPER_ACCOUNT } from '../../domain/account-name.js';
import type { Halt, HaltCause } from '../../domain/mode.js';
import { tryLockFile } from '../../home/file-lock.js';
import { readRestoreMark } from '../../home/restore-mark.js';
import { type DeskPaths, deskPaths, homePaths } from '../../home/runtime.js';
import { runtimeHere } from '../../home/started-desks.js';
import { rulesToTakeOverFrom } from '../../trader/accounts/paper-accounts.js';
import { readJournal } from '../../trader/journal/read-journal.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { fermataHome } from '../running-desk.js';

/** `fermata paper reset`: sets the current account (paper book and journal) aside as a whole. */
interface PaperReset {
  readonly keptIn: string;
}

export function paperCommand(command: Command): void {
  command
    .command('reset')
    .description('start again with the desk file’s paper balance; the old account is set aside, not deleted')
    .option('--desk <name>', 'desk, if several were started here')
    .option('--json', 'for scripts')
    .action((options: { desk?: string; json?: boolean }) => {
      const home = fermataHome();
      const desk = options.desk ?? runtimeHere(home)?.desk ?? DEFAULT_DESK;
      const reset = resetPaper(home, desk, new Date());
      if (options.json === true) {
        printJson({ desk, ...reset });
        return;
      }
      printLines([
        `✓ the next start of ${desk} begins with the paper balance of its desk file`,
        `  what was before is kept in ${reset.keptIn}`,
        '  tighter limits, a smaller size and strategies that people switched off stay as they are',
      ]);
    });
}

/**
 * People's decisions stay in force: the next start takes them over. Throws `CliFailure` if the desk runs, was
 * never started, trades at a venue, was stopped by a person, or has a restore to finish; then nothing was
 * moved.
 */
export function resetPaper(home: string, desk: string, now: Date): PaperReset {
  const mark = readRestoreMark(home);
  if (mark !== null)
    throw refusal(
      `the restore of backup ${mark.backupId} was cut off while it put things in their places`,
      `let it come to its end first: fermata restore ${mark.backupId}`,
    );
  const paths = deskPaths(homePaths(home), desk);
  if (!existsSync(paths.journal)) {
    throw refusal(`desk ${desk} has no paper account here (FERMATA_HOME ${home})`, 'fermata up begins one');
  }
  // The supervisor's lock prevents a start in the meantime. A trader may outlive its supervisor, hence the
  // journal's lock as well.
  const homeLock = tryLockFile(join(homePaths(home).run, 'lock'));
  const journalLock = homeLock === null ? null : tryLockFile(join(paths.journal, 'lock'));
  try {
    if (journalLock === null) {
      throw refusal(`desk ${desk} is running`, 'end it first: fermata down');
    }
    refuseWhereLifted(desk, paths.journal);
    return setAside(paths, now);
  } finally {
    journalLock?.release();
    homeLock?.release();
  }
}

function setAside(paths: DeskPaths, now: Date): PaperReset {
  const keptIn = join(paths.root, `before-reset-${now.toISOString().replaceAll(/[:.]/g, '-')}`);
  // If rules of an earlier account have yet to be taken over, they remain the ones to take over: nobody has
  // armed this account since.
  if (rulesToTakeOverFrom(paths) === null)
    writeFileSync(paths.rulesFrom, relative(paths.restingAccounts, keptIn), { mode: 0o600, flush: true });
  renameSync(paths.account, keptIn);
  return { keptIn };
}

/** Halts by a person or by a check of the desk; other halts concern the account that is set aside. */
const SAID: readonly HaltCause[] = ['person', 'kill', 'check-failed'];

/** A new journal knows of no halt: a halt that a person must lift may not vanish with the old one. */
function refuseWhereLifted(desk: string, journal: string): void {
  let stop: Halt | null = null;
  for (const { record } of readJournal(journal)) {
    if (record.type === 'config' && !isPaperAccount(record.account ?? PAPER_ACCOUNT))
      throw refusal(
        `desk ${desk} does not trade on paper here: its account is ${record.account}`,
        'what it has on record belongs to that account, and stays with it',
      );
    if (record.type === 'armed') stop = null;
    if (record.type !== 'halt') continue;
    const { cause, resume } = record.halt;
    if (SAID.includes(cause) && (resume === 'person' || resume === 'two-people')) stop = record.halt;
  }
  if (stop === null) return;
  throw refusal(
    `desk ${desk} was stopped by ${stop.by} (${stop.reason}), and a reset would lift that`,
    'fermata up, fermata resume --reason TEXT, fermata down, and then reset',
  );
}

function refusal(message: string, doThis: string): CliFailure {
  return new CliFailure(message, 'the paper account and its journal were not touched', doThis);
}
