/**
 * A role that runs in a process of another desk of this installation. Two desks that were started alike (same
 * build and variables of the process) share the processes of roles that mostly wait; the role is passed its desk's
 * environment. To the supervisor it is a process like any other, except that after an orderly end it must run
 * elsewhere.
 */
import { createHash } from 'node:crypto';
import { lstatSync, type Stats, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { isOfProcess } from '../desk/desk-environment.js';
import { desksHomes } from '../home/installation.js';
import { readLines } from '../home/local-socket.js';
import { installationOf, rootOf } from '../home/runtime.js';
import {
  type FromHost,
  type Joining,
  SHARED_ROLES,
  STOP_LINE,
  sharedSocket,
} from '../home/shared-process.js';
import type { Running } from './keep-running.js';
import type { Exit, ManagedProcess } from './managed-process.js';
import type { RoleName } from './roles.js';

/** A starting process answers once its code is loaded; a suspended one is awaited no longer than this. */
const ANSWER_MS = 15_000;
const HURRIED_MS = 1_500;
/** Added to the time that the other process allows the role itself. */
const LATE_MS = 2_000;
const LAST_LINES_MAX = 30;
/** Each line that a role logs is passed on as one line. */
const LINE_CHARS_MAX = 4 * 1024 * 1024;

/** Equal for processes that may run each other's roles; null for roles that are never shared. */
export function sharingOf(name: RoleName, script: string, env: NodeJS.ProcessEnv): string | null {
  if (!SHARED_ROLES.some((role) => role === name)) return null;
  const compared = Object.entries(env)
    .filter(([variable]) => isOfProcess(variable))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const place = [process.execPath, script, statSync(script).mtimeMs];
  return createHash('sha256')
    .update(JSON.stringify([place, compared]))
    .digest('hex');
}

interface JoinOptions {
  readonly name: RoleName;
  readonly home: string;
  readonly joining: Joining;
  readonly onLine: (line: string) => void;
}

export interface JoinedRole {
  readonly process: ManagedProcess;
  /** Resolves with null once it is ready; otherwise with the reason why it won't be. */
  readonly ready: Promise<string | null>;
  readonly stop: Running['stop'];
}

/** Null if no process of another desk accepts it. */
export async function joinRole(options: JoinOptions): Promise<JoinedRole | null> {
  for (const home of desksHomes(installationOf(options.home))) {
    const path = sharedSocket(home, options.name);
    if (home === rootOf(options.home) || !isOurs(path)) continue;
    const joined = await joinAt(path, options);
    if (joined !== null) return joined;
  }
  return null;
}

/** Keys go there: nobody else may have put a socket in that place. */
function isOurs(path: string): boolean {
  const owns = (place: Stats | undefined): place is Stats => place?.uid === process.getuid?.();
  const folder = lstatSync(dirname(path), { throwIfNoEntry: false });
  if (!owns(folder) || !folder.isDirectory() || (folder.mode & 0o077) !== 0) return false;
  return owns(lstatSync(path, { throwIfNoEntry: false }));
}

function joinAt(path: string, { name, joining, onLine }: JoinOptions): Promise<JoinedRole | null> {
  return new Promise((settle) => {
    const socket = connect(path);
    const lines: string[] = [];
    let tellReady: (problem: string | null) => void = () => undefined;
    const ready = new Promise<string | null>((resolve) => {
      tellReady = resolve;
    });
    let exit: Exit | null = null;
    let hasStopped = false;
    const exited = new Promise<Exit>((resolve) => {
      socket.once('close', () => {
        clearTimeout(silent);
        exit = hasStopped
          ? { code: 0, signal: null, moved: true }
          : { code: null, signal: null, how: 'the process that it shared with another desk ended' };
        tellReady('the process that it was to share ended');
        resolve(exit);
        settle(null);
      });
    });
    const silent = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket.on('connect', () => socket.write(`${JSON.stringify(joining)}\n`));
    readLines(socket, LINE_CHARS_MAX, (line) => {
      const said = messageIn(line);
      if (said === null || said.type === 'refused') socket.destroy();
      else if (said.type === 'joined') {
        clearTimeout(silent);
        const child = processOf(name, said.pid, exited, () => exit === null, lines);
        settle({ process: child, ready, stop: (hurry) => letGo(socket, exited, joining.stopMs, hurry) });
      } else if (said.type === 'ready') tellReady(null);
      else if (said.type === 'failed') tellReady(said.message);
      else if (said.type === 'stopped' || said.type === 'ends') hasStopped = true;
      else {
        lines.push(said.line);
        if (lines.length > LAST_LINES_MAX) lines.shift();
        onLine(said.line);
      }
    });
  });
}

/** Signals do nothing: signalling the process itself is up to its own supervisor. */
function processOf(
  name: string,
  pid: number,
  exited: Promise<Exit>,
  alive: () => boolean,
  lines: readonly string[],
): ManagedProcess {
  const startedWallMs = Date.now();
  const nothing = (): void => undefined;
  return {
    name,
    pid,
    exited,
    startedWallMs,
    alive,
    lastLines: () => lines,
    signal: nothing,
    disconnect: nothing,
  };
}

async function letGo(
  socket: Socket,
  exited: Promise<Exit>,
  stopMs: number,
  hurry?: AbortSignal,
): Promise<void> {
  if (socket.writable) socket.write(`${STOP_LINE}\n`);
  let timer: NodeJS.Timeout | undefined;
  const within = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clearTimeout(timer);
      timer = setTimeout(resolve, ms);
    });
  // Starts before the wait may be cut short, so an end hurried from the start gets the short wait, too.
  const late = within(stopMs + LATE_MS);
  const hurried = new Promise<void>((resolve) => {
    const hasten = (): void => void within(HURRIED_MS).then(resolve);
    if (hurry?.aborted) hasten();
    else hurry?.addEventListener('abort', hasten, { once: true });
  });
  await Promise.race([exited, late, hurried]);
  clearTimeout(timer);
  // The role stops there by itself, or its process ends.
  socket.destroy();
}

function messageIn(line: string): FromHost | null {
  try {
    return JSON.parse(line) as FromHost;
  } catch {
    return null;
  }
}
