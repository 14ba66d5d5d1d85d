/** `fermata paper reset`: the paper book and the journal that belongs to it are set aside together. */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Halt } from '../domain/mode.js';
import { deskPaths, homePaths } from '../home/runtime.js';
import { JournalLocked } from '../trader/journal/journal-error.js';
import { lockJournal } from '../trader/journal/lock.js';
import { readJournal } from '../trader/journal/read-journal.js';
import { CliFailure } from './failure.js';
import { supervisorRuns } from './supervisor-runs.js';

export interface PaperReset {
  readonly keptIn: string;
}

/** Throws `CliFailure` where the desk runs, was never started, or was stopped by a person; then nothing was moved. */
export async function resetPaper(home: string, desk: string, now: Date): Promise<PaperReset> {
  const paths = deskPaths(homePaths(home), desk);
  if (!existsSync(paths.journal)) {
    throw refusal(`desk ${desk} has no paper account here (FERMATA_HOME ${home})`, 'fermata up begins one');
  }
  // It may run while its trader is just being restarted, so the journal's lock alone does not tell.
  if (await supervisorRuns(home)) {
    throw stillRuns(desk);
  }
  const lock = lockOf(desk, paths.journal);
  try {
    refuseAfterPersonsStop(desk, paths.journal);
    const keptIn = join(paths.root, `before-reset-${now.toISOString().replaceAll(/[:.]/g, '-')}`);
    mkdirSync(keptIn, { mode: 0o700 });
    for (const path of [paths.paperBook, paths.journal].filter((one) => existsSync(one))) {
      renameSync(path, join(keptIn, basename(path)));
    }
    return { keptIn };
  } finally {
    lock.release();
  }
}

function lockOf(desk: string, journal: string) {
  try {
    return lockJournal(journal);
  } catch (error) {
    throw error instanceof JournalLocked ? stillRuns(desk) : error;
  }
}

/** A new journal knows of no halt: a person's stop must not vanish with the old one. */
function refuseAfterPersonsStop(desk: string, journal: string): void {
  let stop: Halt | null = null;
  for (const { record } of readJournal(journal)) {
    if (record.type === 'armed') {
      stop = null;
    }
    if (record.type === 'halt' && (record.halt.cause === 'person' || record.halt.cause === 'kill')) {
      stop = record.halt;
    }
  }
  if (stop !== null) {
    throw refusal(
      `desk ${desk} was stopped by ${stop.by} (${stop.reason}), and a reset would lift that`,
      'fermata up, fermata resume --reason TEXT, fermata down, and then reset',
    );
  }
}

function stillRuns(desk: string): CliFailure {
  return refusal(`desk ${desk} is running`, 'end it first: fermata down');
}

function refusal(message: string, doThis: string): CliFailure {
  return new CliFailure(message, 'the paper account and its journal were not touched', doThis);
}
