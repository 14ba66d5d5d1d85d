/** A program that is run beside a desk: ended, with everything that it has begun, where it takes longer or leaves less room on the disk than it may. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { messageOf } from '../domain/message-of.js';

export interface ProgramBounds {
  readonly ms: number;
  /** Bytes that stay free on the disk of `cwd`. */
  readonly freeBytesMin: number;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

export interface Program {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What it prints is added to this file. */
  readonly log: string;
}

/** `over`: why it was ended. */
export type ProgramEnd = { readonly code: number } | { readonly over: string };

const LOOK_EVERY_MS = 1_000;
const BYTES_PER_MB = 1024 * 1024;
const PS_MS = 5_000;
const PS_BYTES_MAX = 16 * BYTES_PER_MB;

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Null: enough is free. */
export async function lackOfRoom(
  folder: string,
  { freeBytesMin, freeBytes = freeBytesOf }: Omit<ProgramBounds, 'ms'>,
): Promise<string | null> {
  const free = await freeBytes(folder);
  if (free >= freeBytesMin) return null;
  return `the disk of ${folder} has ${inMb(free)} free, and ${inMb(freeBytesMin)} have to stay free`;
}

const inMb = (bytes: number): string => `${Math.floor(bytes / BYTES_PER_MB)} MB`;

/** Without a shell. Rejects where it can't be started. */
export function runBounded(
  { program, args, cwd, env, log }: Program,
  bounds: ProgramBounds,
): Promise<ProgramEnd> {
  const file = openSync(log, 'a', 0o600);
  return new Promise<ProgramEnd>((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['ignore', file, file] });
    const endsMs = performance.now() + bounds.ms;
    let over: string | null = null;
    const look = async (): Promise<void> => {
      over ??=
        performance.now() >= endsMs
          ? `it has not ended within ${Math.ceil(bounds.ms / 60_000)} minutes`
          : await lackOfRoom(cwd, bounds).catch(messageOf);
      // Again each time: what it begins while it is being ended is ended, too.
      if (over !== null && child.pid !== undefined) await killTree(child.pid);
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

/** Parents last: a child whose parent is gone could not be found any more. */
async function killTree(root: number): Promise<void> {
  const children = await childrenByParent();
  const found: number[] = [];
  for (const waiting = [root]; waiting.length > 0; ) {
    const pid = waiting.shift();
    if (pid === undefined || found.includes(pid)) continue;
    found.push(pid);
    waiting.push(...(children.get(pid) ?? []));
  }
  for (const pid of found.reverse()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Empty where nobody can tell. */
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
