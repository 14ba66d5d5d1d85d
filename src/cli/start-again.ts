/**
 * The process that started a desk starts it again on request: for `fermata restart --all`, a restore in an
 * incident, and another build. It runs the same command in a new process, so that `.env`, the desk file and
 * Fermata itself are read as they are now.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { deskNameIn } from '../desk/yaml-file.js';
import { messageOf } from '../domain/message-of.js';
import {
  type BuildPointer,
  type BuildSwitch,
  buildEntry,
  concludeSwitch,
  pointerFile,
  readBuildPointer,
} from '../home/builds.js';
import { wouldBeHomeOf } from '../home/installation.js';
import { markStarter, WAIT_DEFAULT_MS } from '../supervisor/desk-end.js';
import { type Ending, watchForEnding } from '../supervisor/ending.js';
import { shellEnvironment } from './environment-file.js';
import { CliFailure, EXIT_FAILED, EXIT_OK } from './failure.js';
import type { StartSeen } from './restart-all.js';

/** Set for a start by this process: its parent waits for the outcome. */
const BY_PARENT = 'FERMATA_STARTED_AGAIN';
/** Its values: a build that has run before, or one that is not proven yet. */
const HOW_STARTED = { chosen: '1', onTrial: 'on-trial' } as const;
/** Exit code of such a start that must be repeated. No command ends with it. */
const EXIT_AGAIN = 75;

/**
 * Exit code of such a start: a process died during it, and everything it had begun has been ended. No command
 * ends with it.
 */
const EXIT_NOT_STARTED = 76;

const IS_BY_PARENT = process.env[BY_PARENT] !== undefined;
/** This build runs for the first time, and its parent watches it. */
export const IS_ON_TRIAL = process.env[BY_PARENT] === HOW_STARTED.onTrial;

/** The process that starts the desk again on request: this one, or the one that started it. */
export const STARTER = IS_BY_PARENT ? process.ppid : process.pid;

/** A process that has lost its parent has another parent id. */
export const starterIsThere = (): boolean => !IS_BY_PARENT || process.ppid === STARTER;

const own = (): string => process.argv[1] ?? '';

/**
 * Resolves with the exit code of this process: when the desk has ended for good, or at once if the parent
 * goes on. `between` runs while nothing of the desk runs; its signal is aborted if the desk must stay ended.
 */
export async function startAgain(
  home: string,
  pauseMs: number,
  between: (stayEnded: AbortSignal) => Promise<void>,
): Promise<number> {
  const ending = watchForEnding();
  try {
    await sleep(pauseMs, undefined, { signal: ending.asked }).catch(() => undefined);
    // Whatever the outcome, the desk starts again: one that stays ended reports nothing.
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

/** Null: the build chosen for this desk is the one that was called. Throws if the chosen one is gone. */
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
 * As `startChosen`, for the desk of that file. Reads only the desk's name from it: the chosen build may know
 * keys that the called one does not. Null also if the file has no name; the code that reads all of it reports
 * what is wrong.
 */
export function startChosenOf(installation: string, file: string): (() => Promise<number>) | null {
  const name = deskNameIn(file);
  return name === null ? null : startChosen(wouldBeHomeOf(installation, name));
}

/**
 * The program of the chosen build, which the next start runs. Null: none was chosen. Throws if the pointer is
 * unreadable or the build is gone.
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
 * Notifies the parent, which waits for this start and makes another, that it failed, whatever exit code this
 * process would have had.
 */
export function sayNotStarted(): void {
  if (!IS_BY_PARENT) return;
  process.once('exit', () => {
    process.exitCode = EXIT_NOT_STARTED;
  });
}

/** Exit code for a process that was killed, as shells report it. */
const EXIT_KILLED = 137;

/** A process that dies during a start ends that start, and nobody is there to repeat it. */
const STARTS_MAX = 3;
const AGAIN_AFTER_MS = 5_000;

/**
 * Until all of a build answers: the sum of the times that all processes may take, and a moment more. A wait for a sign-in
 * comes on top.
 */
const WELL_MS = 330_000;
const LOOK_EVERY_MS = 500;

/** Looks at the desk that this process has started. */
type Look = (home: string, pid: number) => Promise<StartSeen>;

interface Builds {
  readonly home: string;
  /** The program of the build that this process runs. */
  readonly entry: string;
  readonly ending: Pick<Ending, 'asked' | 'hurry'>;
  readonly look?: Look;
  readonly wellMs?: number;
  readonly againAfterMs?: number;
}

/**
 * What the process that started a desk does once the desk runs in a child process. It starts the chosen
 * build, again on request, and watches a build on trial until it is well or the previous one runs again.
 * Resolves with the exit code of the desk once it has ended for good. `mayTry`: an order in the pointer was
 * addressed to this process.
 */
export async function runBuilds(builds: Builds, mayTry: boolean): Promise<number> {
  const { home, ending } = builds;
  let code = EXIT_AGAIN;
  let pointer: BuildPointer = { build: null, ordered: null };
  // The key of an order that was tried: if its outcome could not be stored, it must not be tried again and
  // again.
  let tried: string | null = null;
  let failed = 0;
  for (let tries = mayTry; code === EXIT_AGAIN && !ending.asked.aborted; tries = true) {
    pointer = pointerOr(home, pointer);
    const { build, ordered } = pointer;
    const entry = build === null ? builds.entry : buildEntry(home, build);
    if (tries && ordered?.outcome === null && ordered.key !== tried) {
      tried = ordered.key;
      code = await tryBuild(builds, ordered);
    } else code = await begin(builds, entry, HOW_STARTED.chosen).ended;
    // A desk that ended after it had run is meant to stay ended, whatever its exit code.
    failed = code === EXIT_NOT_STARTED ? failed + 1 : 0;
    const isOver = failed === 0 || failed === STARTS_MAX || ending.asked.aborted;
    // After the very first start nothing is retried: the person who typed the command sees that it failed.
    if (tries && !isOver) {
      await pauseBeforeStart(builds, failed);
      code = EXIT_AGAIN;
    }
  }
  if (code === EXIT_NOT_STARTED) return EXIT_FAILED;
  return code === EXIT_AGAIN ? EXIT_OK : code;
}

/**
 * Marks this process as the starter: a stop during the pause then waits for the next start, and `fermata
 * down` ends this process. Otherwise both would report that nothing runs.
 */
async function pauseBeforeStart(
  { home, ending, againAfterMs = AGAIN_AFTER_MS }: Builds,
  failed: number,
): Promise<void> {
  await markStarter(home, process.pid);
  sayFailed(`start ${failed} of ${STARTS_MAX} failed: the next one is in ${againAfterMs / 1_000} s`);
  await sleep(againAfterMs, undefined, { signal: ending.asked }).catch(() => undefined);
}

/**
 * Everything has ended: if the pointer was damaged meanwhile, the previous build is started again and nothing
 * is tried.
 */
function pointerOr(home: string, before: BuildPointer): BuildPointer {
  try {
    return readBuildPointer(home);
  } catch (error) {
    sayFailed(messageOf(error));
    return { ...before, ordered: null };
  }
}

const sayFailed = (what: string): void => void process.stderr.write(`✗ ${what}\n`);

/**
 * The pointer names the previous build until this one is well, so it is in force even if this very process
 * dies.
 */
async function tryBuild(builds: Builds, { to }: BuildSwitch): Promise<number> {
  const { home, ending } = builds;
  const trial = begin(builds, buildEntry(home, to), HOW_STARTED.onTrial);
  const problem =
    (await untilWell(builds, trial)) ??
    whyNotKept(() =>
      concludeSwitch(home, { switched: true, says: `build ${to} runs, and everything of it answers` }),
    );
  if (problem === null) return trial.ended;
  const endedBefore = trial.code();
  // Ended in order, and not by us: somebody wants it to stay ended.
  const staysEnded = (): boolean => ending.asked.aborted || endedBefore === EXIT_OK;
  if (!staysEnded()) await markStarter(home, process.pid);
  trial.stop();
  const code = await trial.ended;
  const now = staysEnded() ? 'it was ended before it was proven' : 'the former build is started again';
  const notKept = whyNotKept(() =>
    concludeSwitch(home, { switched: false, says: `build ${to} is not well: ${problem}; ${now}` }),
  );
  // The next start reports the outcome to whoever asked; a desk that stays ended reports nothing.
  if (notKept !== null) sayFailed(`build ${to} is not well: ${problem}; ${now}; ${notKept}`);
  return staysEnded() ? code : EXIT_AGAIN;
}

/** Null: it is on disk. The disk may be full. */
function whyNotKept(keep: () => void): string | null {
  try {
    keep();
    return null;
  } catch (error) {
    return `how it went can't be kept: ${messageOf(error)}`;
  }
}

/** Null once the build is well; otherwise what is not. */
async function untilWell(
  { home, ending, look = lookAtDesk, wellMs = WELL_MS }: Builds,
  trial: Begun,
): Promise<string | null> {
  const beganMs = performance.now();
  let deadlineMs = beganMs + wellMs;
  for (;;) {
    if (ending.asked.aborted) return 'it was to end meanwhile';
    const code = trial.code();
    if (code !== null) return `it has ended with ${code}`;
    const { problems, isSigningIn } = await look(home, trial.pid).catch((error: unknown) => ({
      ...{ problems: [messageOf(error)], isSigningIn: false },
    }));
    if (problems.length === 0 && trial.code() === null) return null;
    const nowMs = performance.now();
    // Ended now, the former build would ask that person anew. The start itself says when they had long enough.
    if (isSigningIn) deadlineMs = nowMs + wellMs;
    if (nowMs > deadlineMs) return `after ${Math.round((nowMs - beganMs) / 1_000)} s: ${problems.join('; ')}`;
    await sleep(LOOK_EVERY_MS);
  }
}

const lookAtDesk: Look = async (home, pid) => (await import('./restart-all.js')).lookAtStart(home, pid);

interface Begun {
  readonly pid: number;
  /** Null while it runs. */
  code(): number | null;
  /** Ends it in order, and kills whatever has not ended in time. */
  stop(): void;
  readonly ended: Promise<number>;
}

/** Runs the same command again, so that `.env`, the desk file and the build are read as they are now. */
function begin(
  { ending: { asked, hurry } }: Pick<Builds, 'ending'>,
  entry: string,
  how: (typeof HOW_STARTED)[keyof typeof HOW_STARTED],
): Begun {
  const child = spawn(process.execPath, [...process.execArgv, entry, ...process.argv.slice(2)], {
    // A terminal's Ctrl-C reaches only this process, which passes it on once: a second one would mean
    // "hurry".
    detached: true,
    env: { ...shellEnvironment(), [BY_PARENT]: how },
    stdio: 'inherit',
  });
  const end = (): void => void child.kill('SIGTERM');
  asked.addEventListener('abort', end);
  hurry.addEventListener('abort', end);
  if (asked.aborted) end();
  let code: number | null = null;
  let kill: NodeJS.Timeout | undefined;
  const ended = exitOf(child).then((given) => {
    code = given;
    clearTimeout(kill);
    asked.removeEventListener('abort', end);
    hurry.removeEventListener('abort', end);
    return given;
  });
  return {
    pid: child.pid ?? 0,
    code: () => code,
    stop: () => {
      if (code !== null) return;
      end();
      kill = setTimeout(() => child.kill('SIGKILL'), WAIT_DEFAULT_MS);
    },
    ended,
  };
}

async function exitOf(child: ChildProcess): Promise<number> {
  // An `error` event means that the process could not be started at all.
  const [code] = (await once(child, 'exit').catch(() => [EXIT_FAILED])) as [number | null];
  return code ?? EXIT_KILLED;
}
