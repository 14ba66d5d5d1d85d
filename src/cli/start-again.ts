/**
 * `fermata restart --all`, and a restore in an incident, as the process that has started the desk carries them out: the same
 * command once more, in a process of its own, so that `.env`, the desk file and Fermata itself are read as they are now.
 */
import { realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import { buildEntry, pointerFile, readBuildPointer } from '../home/builds.js';
import { watchForEnding } from '../supervisor/ending.js';
import { CliFailure, EXIT_OK } from './failure.js';
import { BY_PARENT, EXIT_AGAIN, HOW_STARTED, runBuilds } from './run-builds.js';

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
  const { build } = readBuildPointer(home);
  if (IS_BY_PARENT || build === null) return null;
  if (isSame(buildEntry(home, build), own(), build, home)) return null;
  return async () => {
    process.stderr.write(
      `… build ${build} runs, which fermata deploy has made; ${pointerFile(home)} says so\n`,
    );
    const ending = watchForEnding();
    try {
      // What may be ordered there was ordered of a process that is gone.
      return await runBuilds({ home, entry: own(), ending }, false);
    } finally {
      ending.close();
    }
  };
}

function isSame(chosen: string, called: string, build: string, home: string): boolean {
  try {
    return realpathSync(chosen) === realpathSync(called);
  } catch {
    throw new CliFailure(
      `build ${build} is to run, and is not there: ${chosen}`,
      'nothing was started',
      `to run the build of this folder instead: rm ${pointerFile(home)}, then fermata up`,
    );
  }
}
