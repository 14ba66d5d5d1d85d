/**
 * `fermata restart --all`, and a restore in an incident, as the process that has started the desk carries them out: the same
 * command once more, in a process of its own, so that `.env`, the desk file and Fermata itself are read as they are now.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseDocument } from 'yaml';
import { messageOf } from '../domain/message-of.js';
import { buildEntry, pointerFile, readBuildPointer } from '../home/builds.js';
import { wouldBeHomeOf } from '../home/installation.js';
import { watchForEnding } from '../supervisor/ending.js';
import { CliFailure, EXIT_OK } from './failure.js';
import { BY_PARENT, EXIT_AGAIN, EXIT_NOT_STARTED, HOW_STARTED, runBuilds } from './run-builds.js';

const IS_BY_PARENT = process.env[BY_PARENT] !== undefined;
/** This build runs for the first time, and its parent looks after it. */
export const IS_ON_TRIAL = process.env[BY_PARENT] === HOW_STARTED.onTrial;

/** The process that starts the desk again when that is asked for: this one, or the one that has started it. */
export const STARTER = IS_BY_PARENT ? process.ppid : process.pid;

/** Whoever lost its parent belongs to another process. */
export const starterIsThere = (): boolean => !IS_BY_PARENT || process.ppid === STARTER;

const own = (): string => process.argv[1] ?? '';

/**
 * Resolves with the exit code of this process: when the desk has ended for good, or at once where the parent goes on.
 * `between`: what is done while nothing of the desk runs; its signal is aborted when the desk is to stay ended.
 */
export async function startAgain(
  home: string,
  pauseMs: number,
  between: (stayEnded: AbortSignal) => Promise<void>,
): Promise<number> {
  const ending = watchForEnding();
  try {
    await sleep(pauseMs, undefined, { signal: ending.asked }).catch(() => undefined);
    // Whatever came of it, the desk starts again: one that stays ended tells nobody.
    if (!ending.asked.aborted)
      await between(ending.asked).catch((error: unknown) => {
        process.stderr.write(`✗ ${messageOf(error)}\n`);
      });
    // However often a desk is started again, there is one process above it.
    if (IS_BY_PARENT) return ending.asked.aborted ? EXIT_OK : EXIT_AGAIN;
    return await runBuilds({ home, entry: own(), ending }, true);
  } finally {
    ending.close();
  }
}

/** Null where the build that was chosen for this desk is the one that was called. Throws where the chosen one is gone. */
export function startChosen(home: string): (() => Promise<number>) | null {
  const chosen = IS_BY_PARENT ? null : chosenEntry(home);
  if (chosen === null || realpathSync(chosen) === realpathSync(own())) return null;
  return async () => {
    process.stderr.write(`… ${chosen} runs, which fermata deploy has made; ${pointerFile(home)} says so\n`);
    const ending = watchForEnding();
    try {
      // What may be ordered there was ordered of a process that is gone.
      return await runBuilds({ home, entry: own(), ending }, false);
    } finally {
      ending.close();
    }
  };
}

/**
 * As `startChosen`, for the desk of that file. No more is read of it than whose it is: the chosen build may know keys that the one
 * which was called does not. Null also where the file does not say it; whoever reads all of it says what is wrong.
 */
export function startChosenOf(installation: string, file: string): (() => Promise<number>) | null {
  const name = nameIn(file);
  return name === null ? null : startChosen(wouldBeHomeOf(installation, name));
}

function nameIn(file: string): string | null {
  try {
    const name: unknown = parseDocument(readFileSync(file, 'utf8')).get('desk');
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

/** What the next start runs of the build that was chosen; null: none was. Throws where nobody can say it, or where it is gone. */
export function chosenEntry(home: string): string | null {
  const { build } = readBuildPointer(home);
  if (build === null) return null;
  const entry = buildEntry(home, build);
  if (existsSync(entry)) return entry;
  throw new CliFailure(
    `build ${build} is to run, and is not there: ${entry}`,
    'nothing was started or ended',
    `to run the build of this folder instead: rm ${pointerFile(home)}, then fermata up`,
  );
}

/** Says to who waits for this start, and makes another, that it came to nothing; whatever else this process ends with. */
export function sayNotStarted(): void {
  if (!IS_BY_PARENT) return;
  process.once('exit', () => {
    process.exitCode = EXIT_NOT_STARTED;
  });
}
