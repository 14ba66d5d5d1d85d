/** One child process in its own process group: a terminal's Ctrl-C must reach only the supervisor. */

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type PollTimes, pollUntil } from '../home/try-again.js';

const LAST_LINES_MAX = 30;
const TAIL_BYTES_MAX = 32 * 1024;
const LINE_CHARS_MAX = 16 * 1024;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** In words, if neither code nor signal says it. */
  readonly how?: string;
  /** It came to an orderly end in its host process, and must run elsewhere. */
  readonly moved?: true;
}

/** A file outlives the supervisor: a server that writes to the pipe of a dead supervisor would die with it. */
type Output =
  | { readonly to: 'file'; readonly path: string }
  | { readonly to: 'lines'; readonly onLine: (line: string, stream: 'out' | 'err') => void };

interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly output: Output;
  readonly onMessage?: (message: unknown) => void;
}

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves once; never rejects. */
  readonly exited: Promise<Exit>;
  readonly startedWallMs: number;
  alive(): boolean;
  /** The newest lines of its output, for error messages. */
  lastLines(): readonly string[];
  signal(signal: NodeJS.Signals): void;
  /** Only with `onMessage`: closes the IPC channel, so it keeps no process alive. */
  disconnect(): void;
}

/** Rejects if the program can't be started at all. */
export function spawnProcess(options: ProcessOptions): Promise<ManagedProcess> {
  const { output } = options;
  const file = output.to === 'file' ? openSync(output.path, 'a', 0o600) : null;
  // The file may hold output of earlier processes: only what follows is this one's.
  const from = file === null ? 0 : fstatSync(file).size;
  const sink = file ?? 'pipe';
  const child = spawn(options.command, options.args, {
    detached: true,
    env: options.env ?? process.env,
    cwd: options.cwd,
    stdio: options.onMessage ? ['ignore', sink, sink, 'ipc'] : ['ignore', sink, sink],
  });
  if (file !== null) closeSync(file);
  if (options.onMessage) child.on('message', options.onMessage);
  const lines: string[] = [];
  if (output.to === 'lines') collectLines(child, lines, output.onLine);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      child.on('error', () => undefined);
      resolve(
        wrap(options, child, () =>
          output.to === 'file' ? readLastLines(output.path, from, LAST_LINES_MAX) : lines,
        ),
      );
    });
  });
}

function collectLines(
  child: ChildProcess,
  lines: string[],
  onLine: (line: string, stream: 'out' | 'err') => void,
): void {
  for (const [stream, source] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    if (!source) continue;
    createInterface({ input: source }).on('line', (whole) => {
      const line = whole.slice(0, LINE_CHARS_MAX);
      lines.push(line);
      if (lines.length > LAST_LINES_MAX) lines.shift();
      onLine(line, stream);
    });
  }
}

function wrap(
  options: ProcessOptions,
  child: ChildProcess,
  lastLines: () => readonly string[],
): ManagedProcess {
  let exit: Exit | null = null;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  return {
    name: options.name,
    pid: child.pid ?? 0,
    exited,
    startedWallMs: Date.now(),
    alive: () => exit === null,
    lastLines,
    signal: (signal) => {
      if (exit === null) child.kill(signal);
    },
    disconnect: () => {
      if (child.connected) child.disconnect();
    },
  };
}

interface EndStep {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/**
 * Sends each signal in turn until the process has ended, then SIGKILL to its whole group. `hurry` cuts a wait
 * short. Resolves with false if the process had to be killed.
 */
export async function endProcess(
  child: ManagedProcess,
  steps: readonly EndStep[],
  hurry?: AbortSignal,
): Promise<boolean> {
  for (const step of steps) {
    if (!child.alive()) break;
    child.signal(step.signal);
    if (await exitedWithin(child, step.waitMs, hurry)) break;
  }
  const clean = !child.alive();
  killGroup(child.pid);
  if (!clean) await child.exited;
  child.disconnect();
  return clean;
}

async function exitedWithin(child: ManagedProcess, waitMs: number, hurry?: AbortSignal): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const wait = hurry?.aborted ? Math.min(waitMs, HURRIED_WAIT_MS) : waitMs;
  let cut: (() => void) | undefined;
  await Promise.race([
    child.exited,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, wait);
      cut = () => setTimeout(resolve, HURRIED_WAIT_MS);
      hurry?.addEventListener('abort', cut, { once: true });
    }),
  ]);
  clearTimeout(timer);
  if (cut) hurry?.removeEventListener('abort', cut);
  return !child.alive();
}

const HURRIED_WAIT_MS = 1_500;

/**
 * Null once `ask` finds no problem. Otherwise why it gave up: the final problem, or the last one with the end
 * of the log.
 */
export async function becomesReady(
  child: ManagedProcess,
  ask: () => Promise<string | null>,
  times: PollTimes,
  isFinal: (problem: string) => boolean = () => false,
): Promise<string | null> {
  const ENDED = Symbol('ended');
  const found = await pollUntil(
    async () => (child.alive() ? ask() : ENDED),
    (problem) => typeof problem !== 'string' || isFinal(problem),
    times,
  );
  if (found === null) return null;
  const lastWords = child.lastLines().slice(-6).join(' | ');
  if (typeof found !== 'string') return lastWords || 'it ended without a word';
  return isFinal(found) ? found : `no answer within ${times.withinMs / 1000} s (${found}): ${lastWords}`;
}

/** Kills whatever a dead process may have left in its group. */
export const killGroup = (pid: number): void => signalGroup(pid, 'SIGKILL');

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is empty: nothing was left.
  }
}

/** The newest `count` lines of a text file from this byte on; none if it can't be read. */
function readLastLines(path: string, from: number, count: number): readonly string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const start = Math.max(from, size - TAIL_BYTES_MAX);
    const buffer = Buffer.alloc(Math.max(0, size - start));
    readSync(file, buffer, 0, buffer.length, start);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
  } finally {
    closeSync(file);
  }
}
