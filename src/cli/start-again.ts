/**
 * `fermata restart --all`, and a restore in an incident, as carried out by the process that started the desk: it runs
 * the same command again in a new process, so that `.env`, the desk file and Fermata itself are read as they are now.
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
/** This build runs for the first time, and its parent watches it. */
export const IS_ON_TRIAL = process.env[BY_PARENT] === HOW_STARTED.onTrial;

/** The process that starts the desk again when asked to: this one, or the one that started it. */
export const STARTER = IS_BY_PARENT ? process.ppid : process.pid;

/** A process that has lost its parent has another parent id. */
export const starterIsThere = (): boolean => !IS_BY_PARENT || process.ppid === STARTER;

const own = (): string => process.argv[1] ?? '';

/**
 * Resolves with the exit code of this process: when the desk has ended for good, or at once if the parent goes on.
 * `between`: runs while nothing of the desk runs; its signal is aborted if the desk is to stay ended.
 */
export async function startAgain(
  home: string,
  pauseMs: number,
  between: (stayEnded: AbortSignal) => Promise<void>,
): Promise<number> {
  const ending = watchForEnding();
  try {
    await sleep(pauseMs, undefined, { signal: ending.asked }).catch(() => undefined);
    // Whatever came of it, the desk starts again: one that stays ended reports nothing.
    if (!ending.asked.aborted)
      await between(ending.asked).catch((error: unknown) => {
        process.stderr.write(`✗ ${messageOf(error)}\n`);
      });
    // However often a desk is started again, there is only one process above it.
    if (IS_BY_PARENT) return ending.asked.aborted ? EXIT_OK : EXIT_AGAIN;
    return await runBuilds({ home, entry: own(), ending }, true);
  } finally {
    ending.close();
  }
}

/** Null if the build chosen for this desk is the one that was called. Throws if the chosen one is gone. */
export function startChosen(home: string): (() => Promise<number>) | null {
  const chosen = IS_BY_PARENT ? null : chosenEntry(home);
  if (chosen === null || realpathSync(chosen) === realpathSync(own())) return null;
  return async () => {
    process.stderr.write(`… ${chosen} runs, which fermata deploy has made; ${pointerFile(home)} says so\n`);
    const ending = watchForEnding();
    try {
      // An order in the pointer was addressed to a process that is gone.
      return await runBuilds({ home, entry: own(), ending }, false);
    } finally {
      ending.close();
    }
  };
}

/**
 * As `startChosen`, for the desk of that file. Reads only the desk's name from it: the chosen build may know keys
 * that the called one does not. Null also if the file has no name; whoever reads all of it reports what is wrong.
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

/**
 * The program of the chosen build, which the next start runs; null if none was chosen. Throws if that can't be told,
 * or the build is gone.
 */
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

/**
 * Tells the parent, which waits for this start and makes another, that it failed, with whatever code this process
 * would have ended.
 */
export function sayNotStarted(): void {
  if (!IS_BY_PARENT) return;
  process.once('exit', () => {
    process.exitCode = EXIT_NOT_STARTED;
  });
}
