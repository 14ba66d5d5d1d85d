/**
 * A program that runs next to a desk. It is killed, with every process that it has started, if it takes too
 * long or leaves too little room on the disk.
 */
import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { messageOf } from '../domain/message-of.js';
import { freeBytes as freeBytesOf } from '../home/free-space.js';

export interface ProgramBounds {
  readonly ms: number;
  /** Bytes that must stay free on the disk of `cwd`. */
  readonly freeBytesMin: number;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its output is appended to this file. */
  readonly log: string;
}

/** `over`: why it was killed. */
export type ProgramEnd = { readonly code: number } | { readonly over: string };

const LOOK_EVERY_MS = 1_000;
const BYTES_PER_MB = 1024 * 1024;
const PS_MS = 5_000;
const PS_BYTES_MAX = 16 * BYTES_PER_MB;
/** Inherited by every process that the program starts, so that an orphan is still recognised. */
const MARK = 'BOUNDED_PROGRAM';
const PASSES_MAX = 50;
/** Two, because processes may start others while the list is being read. */
const QUIET_PASSES = 2;

/** Null: there is enough room. */
export async function lackOfRoom(
  folder: string,
  { freeBytesMin, freeBytes = freeBytesOf }: Omit<ProgramBounds, 'ms'>,
): Promise<string | null> {
  const free = await freeBytes(folder);
  if (free >= freeBytesMin) return null;
  return `the disk of ${folder} has ${inMb(free)} free, and ${inMb(freeBytesMin)} have to stay free`;
}

const inMb = (bytes: number): string => `${Math.floor(bytes / BYTES_PER_MB)} MB`;

/** Runs the program without a shell. Rejects if it can't be started. */
export function runBounded(
  { program, args, cwd, env, log }: Program,
  bounds: ProgramBounds,
): Promise<ProgramEnd> {
  const file = openSync(log, 'a', 0o600);
  return new Promise<ProgramEnd>((resolve, reject) => {
    const mark = randomUUID();
    const child = spawn(program, args, { cwd, env: { ...env, [MARK]: mark }, stdio: ['ignore', file, file] });
    const endsMs = performance.now() + bounds.ms;
    let over: string | null = null;
    const look = async (): Promise<void> => {
      over ??=
        performance.now() >= endsMs
          ? `it has not ended within ${Math.ceil(bounds.ms / 60_000)} minutes`
          : await lackOfRoom(cwd, bounds).catch(messageOf);
      if (over !== null && child.pid !== undefined) await killAllOf(child.pid, mark);
    };
    let looking = Promise.resolve();
    const timer = setInterval(() => {
      looking = looking.then(look).catch(() => undefined);
    }, LOOK_EVERY_MS);
    const end = (settle: () => void): void => {
      clearInterval(timer);
      settle();
    };
    child.once('error', (error) => end(() => reject(error)));
    child.once('exit', (code) => end(() => resolve(over === null ? { code: code ?? 1 } : { over })));
  }).finally(() => closeSync(file));
}

/** Stops all of them first, so that none starts another while they are being killed. */
async function killAllOf(root: number, mark: string): Promise<void> {
  const found = new Set<number>();
  for (let pass = 0, quiet = 0; pass < PASSES_MAX && quiet < QUIET_PASSES; pass += 1) {
    const [children, marked] = await Promise.all([childrenByParent(), markedWith(mark)]);
    const before = found.size;
    const seen = new Set([root, ...marked]);
    // `seen` grows during the loop.
    for (const pid of seen) {
      for (const child of children.get(pid) ?? []) seen.add(child);
      if (!found.has(pid)) signal(pid, 'SIGSTOP');
      found.add(pid);
    }
    quiet = found.size === before ? quiet + 1 : 0;
  }
  // The root last: its end counts as the end of all.
  for (const pid of [...found].reverse()) signal(pid, 'SIGKILL');
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended in the meantime.
  }
}

/** Reads /proc; empty on systems without it. */
async function markedWith(mark: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter((pid) => pid > 0);
  const isMarked = async (pid: number): Promise<boolean> => {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    return environment.split('\0').includes(`${MARK}=${mark}`);
  };
  const marks = await Promise.all(pids.map(isMarked));
  return pids.filter((_pid, at) => marks[at]);
}

/** Empty if the list of processes can't be read. */
function childrenByParent(): Promise<ReadonlyMap<number, readonly number[]>> {
  return new Promise((resolve) => {
    const options = { timeout: PS_MS, maxBuffer: PS_BYTES_MAX };
    execFile('ps', ['-A', '-o', 'pid=,ppid='], options, (_error, stdout) => {
      const children = new Map<number, number[]>();
      for (const line of stdout.split('\n')) {
        const [pid, parent] = line.trim().split(/\s+/).map(Number);
        if (!pid || !parent) continue;
        children.set(parent, [...(children.get(parent) ?? []), pid]);
      }
      resolve(children);
    });
  });
}
