/**
 * What the process does that a desk was started by, once the desk runs in a process of its own below it: the chosen build is
 * started, again where that is asked for, and a build on trial is looked after until it is well, or the former one runs again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import {
  type BuildPointer,
  type BuildSwitch,
  buildEntry,
  concludeSwitch,
  readBuildPointer,
} from '../home/builds.js';
import { markStarter } from '../supervisor/desk-ended.js';
import { WAIT_DEFAULT_MS } from '../supervisor/down.js';
import type { Ending } from '../supervisor/ending.js';
import { shellEnvironment } from './environment-file.js';
import { EXIT_FAILED, EXIT_OK } from './failure.js';

/** Set for a start by this process: its parent waits for it. */
export const BY_PARENT = 'FERMATA_STARTED_AGAIN';
/** What it is set to: a build that was run before, or that nobody has proven yet. */
export const HOW_STARTED = { chosen: '1', onTrial: 'on-trial' } as const;
/** Of such a start: it is to be made once more. No exit code of a command. */
export const EXIT_AGAIN = 75;

/** Of such a start: a process died over it, and what it had begun is ended again. No exit code of a command. */
export const EXIT_NOT_STARTED = 76;

/** Of one that was killed, as shells say it. */
const EXIT_KILLED = 137;

/** A process that dies while everything is started ends that start, and nobody sits before it who would make it again. */
const STARTS_MAX = 3;
const AGAIN_AFTER_MS = 5_000;

/** Until everything of a build answers: as long as every process may take, one after the other, and a moment more. */
const WELL_MS = 330_000;
const LOOK_EVERY_MS = 500;

/** What does not answer or run of the desk that this process has started; empty: all is well. */
export type Look = (home: string, pid: number) => Promise<readonly string[]>;

export interface Builds {
  readonly home: string;
  /** The build that this process is of. */
  readonly entry: string;
  readonly ending: Pick<Ending, 'asked' | 'hurry'>;
  readonly look?: Look;
  readonly wellMs?: number;
  readonly againAfterMs?: number;
}

/** Resolves with the exit code of the desk once it has ended for good. `mayTry`: what was ordered was ordered of this process. */
export async function runBuilds(builds: Builds, mayTry: boolean): Promise<number> {
  const { home, ending } = builds;
  let code = EXIT_AGAIN;
  let pointer: BuildPointer = { build: null, ordered: null };
  // Of an order whose outcome could not be kept: it is not tried again and again.
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
    // Whatever it ended with once it ran: who wanted that, wants it to stay ended.
    failed = code === EXIT_NOT_STARTED ? failed + 1 : 0;
    const isOver = failed === 0 || failed === STARTS_MAX || ending.asked.aborted;
    // Who has just typed the command sees that it failed.
    if (tries && !isOver) {
      await pauseBeforeStart(builds, failed);
      code = EXIT_AGAIN;
    }
  }
  if (code === EXIT_NOT_STARTED) return EXIT_FAILED;
  return code === EXIT_AGAIN ? EXIT_OK : code;
}

/** A stop that is given meanwhile waits for the start, and `fermata down` ends this process: nobody is told that none is needed. */
async function pauseBeforeStart(
  { home, ending, againAfterMs = AGAIN_AFTER_MS }: Builds,
  failed: number,
): Promise<void> {
  await markStarter(home, process.pid);
  sayFailed(`start ${failed} of ${STARTS_MAX} failed: the next one is in ${againAfterMs / 1_000} s`);
  await sleep(againAfterMs, undefined, { signal: ending.asked }).catch(() => undefined);
}

/** Everything has ended: where the pointer was damaged meanwhile the build that ran is started again, and nothing is tried. */
function pointerOr(home: string, before: BuildPointer): BuildPointer {
  try {
    return readBuildPointer(home);
  } catch (error) {
    sayFailed(messageOf(error));
    return { ...before, ordered: null };
  }
}

const sayFailed = (what: string): void => void process.stderr.write(`✗ ${what}\n`);

/** The former build is what the pointer names until this one is well: where this very process dies meanwhile, too. */
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
  // Whoever asked is told by the next start; a desk that stays ended for it tells nobody.
  if (notKept !== null) sayFailed(`build ${to} is not well: ${problem}; ${now}; ${notKept}`);
  return staysEnded() ? code : EXIT_AGAIN;
}

/** Null where it is on disk, which may be full. */
function whyNotKept(keep: () => void): string | null {
  try {
    keep();
    return null;
  } catch (error) {
    return `how it went can't be kept: ${messageOf(error)}`;
  }
}

/** Null once it is well, else what is not. */
async function untilWell(
  { home, ending, look = lookAtDesk, wellMs = WELL_MS }: Builds,
  trial: Begun,
): Promise<string | null> {
  const beganMs = performance.now();
  for (;;) {
    if (ending.asked.aborted) return 'it was to end meanwhile';
    const code = trial.code();
    if (code !== null) return `it has ended with ${code}`;
    const problems = await look(home, trial.pid).catch((error: unknown) => [messageOf(error)]);
    if (problems.length === 0 && trial.code() === null) return null;
    const tookMs = performance.now() - beganMs;
    if (tookMs > wellMs) return `after ${Math.round(tookMs / 1_000)} s: ${problems.join('; ')}`;
    await sleep(LOOK_EVERY_MS);
  }
}

const lookAtDesk: Look = async (home, pid) => (await import('./restart-all.js')).startProblems(home, pid);

interface Begun {
  readonly pid: number;
  /** Null while it runs. */
  code(): number | null;
  /** In order; what has not ended by then is killed. */
  stop(): void;
  readonly ended: Promise<number>;
}

/** The same command once more: `.env`, the desk file and the build are read as they are now. */
function begin(
  { ending: { asked, hurry } }: Pick<Builds, 'ending'>,
  entry: string,
  how: (typeof HOW_STARTED)[keyof typeof HOW_STARTED],
): Begun {
  const child = spawn(process.execPath, [...process.execArgv, entry, ...process.argv.slice(2)], {
    // A terminal's Ctrl-C reaches this process alone, and is handed on once: two would be in a hurry.
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
  // An `error` is a process that could not be started at all.
  const [code] = (await once(child, 'exit').catch(() => [EXIT_FAILED])) as [number | null];
  return code ?? EXIT_KILLED;
}
