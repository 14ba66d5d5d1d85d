/**
 * The end of a desk: asks the supervisor of this FERMATA_HOME to end it (`fermata down`), and says whether it
 * is certain that nothing of it runs, is starting, or is about to be restarted.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../home/file-lock.js';
import { readJson, writeJson } from '../home/json-file.js';
import { SocketSilent } from '../home/local-socket.js';
import { homePaths } from '../home/runtime.js';
import { roleLock, SHARED_ROLES } from '../home/shared-process.js';
import { askSupervisor } from '../home/supervisor-protocol.js';
import { pollUntil } from '../home/try-again.js';
import { isAlive, leftChildren, startTimeOf } from './process-table.js';

/** Longer than all roles together may take, one after another. */
export const WAIT_DEFAULT_MS = 240_000;
const POLL_MS = 100;

type DownOutcome =
  | { readonly kind: 'ended' }
  /** Nothing was running here. */
  | { readonly kind: 'not-running' }
  /**
   * No supervisor answers, yet the desk may not have ended. `left`: its processes known to be alive. `heldBy`: left out
   * if a start would find the home free.
   */
  | { readonly kind: 'unanswered'; readonly left: readonly string[]; readonly heldBy?: Holder }
  /** It was asked to end and has not done so in time. */
  | { readonly kind: 'still-running'; readonly pid: number };

export async function down(
  home: string,
  options: { readonly hurry?: boolean; readonly waitMs?: number } = {},
): Promise<DownOutcome> {
  let pid: number;
  try {
    ({ pid } = await askSupervisor(home, 'who', {}));
    await askSupervisor(home, 'stop', { hurry: options.hurry ?? false });
  } catch (error) {
    if (!(error instanceof SocketSilent)) throw error;
    // Between an end and the start that follows, nobody answers, yet the desk runs a moment later.
    const starter = await starterOf(home).catch(() => null);
    if (starter === null) return withoutAnswer(home);
    process.kill(starter, 'SIGTERM');
    pid = starter;
  }
  const hasEnded = await pollUntil(
    async () => !(await answers(home)) && (pid === process.pid || !isAlive(pid)),
    (ended) => ended,
    { withinMs: options.waitMs ?? WAIT_DEFAULT_MS, everyMs: POLL_MS },
  );
  return hasEnded ? { kind: 'ended' } : { kind: 'still-running', pid };
}

/** A supervisor that was killed or suspended doesn't answer, while trader and workers go on. */
async function withoutAnswer(home: string): Promise<DownOutcome> {
  const { run } = homePaths(home);
  if (!existsSync(run) || (await hasEnded(home))) return { kind: 'not-running' };
  const left = await leftChildren(join(run, 'children.json'));
  const holder = await holderOf(home);
  return {
    kind: 'unanswered',
    left: left.map(({ name, pid }) => `${name} (process ${pid})`),
    ...(holder === null ? {} : { heldBy: holder }),
  };
}

async function answers(home: string): Promise<boolean> {
  return askSupervisor(home, 'who', {}).then(
    () => true,
    () => false,
  );
}

/**
 * True only if certain; in doubt the desk counts as running. An orderly end removes the sockets' folder; a
 * killed supervisor leaves its list of children. Roles without a supervisor (containers) leave neither.
 */
export async function hasEnded(home: string): Promise<boolean> {
  const { run, sockets } = homePaths(home);
  const children = join(run, 'children.json');
  if (!existsSync(run) || (existsSync(sockets) && !existsSync(children))) return false;
  if (await isStartedAgain(home)) return false;
  // A supervisor holds it from before its start does anything until its end is complete.
  const lock = lockOf(join(run, 'lock'));
  if (lock === null) return false;
  try {
    return (await leftChildren(children)).length === 0 && SHARED_ROLES.every((role) => isFree(home, role));
  } finally {
    lock.release();
  }
}

/** Whether no process of another desk runs the role or is still ending it. */
function isFree(home: string, role: string): boolean {
  const lock = lockOf(roleLock(home, role));
  lock?.release();
  return lock !== null;
}

/** Also null if the system has no such locks. */
function lockOf(path: string): ReturnType<typeof tryLockFile> {
  try {
    return tryLockFile(path);
  } catch {
    return null;
  }
}

/** Who holds the lock of a home; `pid` null: it is not known which process that is. */
interface Holder {
  readonly pid: number | null;
}

/** What a person does about a holder that does not answer. */
export const aboutHolder = ({ pid }: Holder): string =>
  pid === null
    ? 'another process holds it, and may be just ending, or be suspended: wait, or find it with `ps`'
    : `process ${pid} holds it: \`kill -CONT ${pid}\` if it is suspended, \`kill -INT ${pid}\` to end it in order`;

const holderFile = (home: string): string => join(homePaths(home).run, 'holder.json');

/** Null: nobody holds the home. */
export async function holderOf(home: string): Promise<Holder | null> {
  const lock = lockOf(join(homePaths(home).run, 'lock'));
  lock?.release();
  if (lock !== null) return null;
  return { pid: await livingIn(holderFile(home)).catch(() => null) };
}

/** Called by the start that holds the lock: the lock itself does not say whose it is. */
export const markHolder = (home: string): Promise<void> => markProcess(holderFile(home), process.pid);

/** Before the lock is released: the next one to hold it need not be a start. */
export function forgetHolder(home: string): void {
  try {
    rmSync(holderFile(home), { force: true });
  } catch {
    // On a disk that can only be read by now: what stays there names a process that has ended.
  }
}

/** A pid is reused: it means this process only together with its start time. */
interface KnownProcess {
  readonly pid: number;
  readonly startTime: string;
}

async function markProcess(file: string, pid: number): Promise<void> {
  const startTime = await startTimeOf(pid);
  if (startTime === null) return;
  try {
    writeJson(file, { pid, startTime } satisfies KnownProcess);
  } catch {
    // On a full disk the start matters more.
  }
}

/** The process that the file names, if it lives, as far as that can be read. */
async function livingIn(file: string): Promise<number | null> {
  const known = readJson<KnownProcess>(file);
  return known !== null && (await startTimeOf(known.pid)) === known.startTime ? known.pid : null;
}

const starterFile = (home: string): string => join(homePaths(home).run, 'starter.json');

/**
 * Between an end and the start that follows, nothing of the desk runs, yet it trades a moment later: a stop
 * ordered then is retried until that start accepts it. `pid`: the process that makes that start.
 */
export const markStarter = (home: string, pid: number): Promise<void> => markProcess(starterFile(home), pid);

/** Called by the start itself, once it holds the home. */
export function forgetStarter(home: string): void {
  rmSync(starterFile(home), { force: true });
}

/** The process that is about to start the desk again; null: none. */
const starterOf = (home: string): Promise<number | null> => livingIn(starterFile(home));

async function isStartedAgain(home: string): Promise<boolean> {
  return starterOf(home).then(
    (pid) => pid !== null,
    () => true,
  );
}
