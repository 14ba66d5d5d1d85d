/**
 * What the system knows about other processes, and what a supervisor records on disk about those it has
 * started, so the next one finds those of a killed supervisor. A pid by itself proves nothing, because pids
 * are reused: it is trusted only together with the start time of its process.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../domain/message-of.js';
import { pollUntil } from '../home/try-again.js';

const run = promisify(execFile);
const PS_TIMEOUT_MS = 5_000;

/** Also true for another user's process. False for a zombie only once it is reaped. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The same text while the pid means the same process; null if there is none (or only a zombie). */
export async function startTimeOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
    // The program's name is in brackets and may contain anything, so fields are counted from the last bracket.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (!fields || fields[0] === 'Z') return null;
    return fields[19] ?? null;
  }
  return ps(pid, 'lstart=');
}

export async function commandLineOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
    return text ? text.replaceAll('\0', ' ').trim() : null;
  }
  return ps(pid, 'command=');
}

/** Resident memory of the process in bytes; null if there is no such process. */
export async function residentBytesOf(pid: number): Promise<number | null> {
  if (process.platform === 'linux') {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  }
  const kilobytes = await ps(pid, 'rss=');
  return kilobytes === null ? null : Number(kilobytes) * 1024;
}

async function ps(pid: number, column: string): Promise<string | null> {
  const answer = await run('ps', ['-o', column, '-p', String(pid)], { timeout: PS_TIMEOUT_MS }).catch(
    () => null,
  );
  return answer?.stdout.trim() || null;
}

interface Child {
  readonly name: string;
  readonly pid: number;
  readonly startTime: string;
  /** It is over once its whole process group is. */
  readonly whole?: true;
  /** That of the list, by path and by inode: a copy of the home has neither. Left out: by an earlier build. */
  readonly folder?: readonly string[];
}

const ASK_WAIT_MS = 10_000;
const KILL_WAIT_MS = 5_000;
const POLL_MS = 50;

export interface ChildrenFile {
  /** Call as soon as a process has started. `whole`: its process group belongs to it. */
  add(name: string, pid: number, whole?: 'whole group'): Promise<void>;
  remove(pid: number): void;
  close(): void;
}

/** `onUnwritten`: called once, as on a full disk. The list stays in memory; the next change writes it. */
export function openChildrenFile(
  path: string,
  onUnwritten: (why: string) => void = () => undefined,
): ChildrenFile {
  let isUnwritten = false;
  const children = new Map<number, Child>();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const folder = folderOf(path);
  const save = (): void => {
    try {
      writeFileSync(`${path}.new`, JSON.stringify([...children.values()]), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      isUnwritten = false;
    } catch (error) {
      if (!isUnwritten)
        onUnwritten(`${path} can’t be written (${messageOf(error)}): the next change writes it`);
      isUnwritten = true;
    }
  };
  return {
    add: async (name, pid, whole) => {
      const startTime = await startTimeOf(pid);
      if (startTime === null) return;
      children.set(pid, { name, pid, startTime, folder, ...(whole === undefined ? {} : { whole: true }) });
      save();
    },
    remove: (pid) => {
      if (children.delete(pid)) save();
    },
    close: () => rmSync(path, { force: true }),
  };
}

/**
 * Asks the processes of a dead supervisor to stop, and kills those still running after 10 s. Returns the
 * names of those it found.
 */
export async function endLeftChildren(path: string): Promise<readonly string[]> {
  const left = await leftChildren(path);
  // Newest first: the web server before the trader, the trader before the databases.
  left.reverse();
  for (const { name, pid, whole } of left)
    send(whole ? -pid : pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM');
  const late = await untilGone(left, ASK_WAIT_MS);
  for (const { pid } of late) send(-pid, 'SIGKILL');
  const remaining = await untilGone(late, KILL_WAIT_MS);
  if (remaining.length > 0) {
    throw new Error(
      `${remaining.map((child) => `${child.name} (process ${child.pid})`).join(', ')} of an earlier start could not be ended. Nothing was started. End them by hand: kill -9 ${remaining.map((child) => child.pid).join(' ')}`,
    );
  }
  rmSync(path, { force: true });
  return left.map((child) => child.name);
}

/** Those still alive, in the order in which they were started. */
export async function leftChildren(path: string): Promise<Child[]> {
  const left: Child[] = [];
  for (const child of readChildren(path)) if (await isSame(child)) left.push(child);
  return left;
}

/** Empty for a list that was copied with its home: those processes are the desk's that runs in the original. */
function readChildren(path: string): readonly Child[] {
  try {
    const here = folderOf(path);
    const listed = JSON.parse(readFileSync(path, 'utf8')) as Child[];
    return listed.filter(({ folder = here }) => folder.some((one) => here.includes(one)));
  } catch {
    return [];
  }
}

/** A home that is moved on its disk keeps its inode; some file systems give a folder another one at any time. */
function folderOf(path: string): readonly string[] {
  const folder = realpathSync(dirname(path));
  const { dev, ino } = statSync(folder, { bigint: true });
  return [folder, `${dev}:${ino}`];
}

async function isSame(child: Child): Promise<boolean> {
  return isAlive(child.pid) && (await startTimeOf(child.pid)) === child.startTime;
}

/** Those still there after `withinMs`. A group keeps its id while anything of it lives: it is asked for without a break. */
function untilGone(children: readonly Child[], withinMs: number): Promise<readonly Child[]> {
  let there = children;
  const remaining = async () => {
    const same = await Promise.all(
      there.map((child) => (child.whole ? groupLives(child.pid) : isSame(child))),
    );
    there = there.filter((_, at) => same[at]);
    return there;
  };
  return pollUntil(remaining, ({ length }) => length === 0, { withinMs, everyMs: POLL_MS });
}

export function groupLives(pid: number): boolean {
  return isAlive(-pid);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has just ended.
  }
}
