/**
 * A role that runs in the process of another desk of this installation. Two desks share the processes of roles that mostly
 * wait where both were started alike: the same build, folder and environment. For the supervisor it is a process like others,
 * but that its end in order means that it has to run elsewhere.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { desksHomes } from '../home/installation.js';
import { installationOf } from '../home/runtime.js';
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

/** One that is just starting answers once it has loaded its code; of one that stands still nobody waits for more. */
const ANSWER_MS = 15_000;
const HURRIED_MS = 1_500;
/** Beyond the time that the other process gives the role itself. */
const LATE_MS = 2_000;
const LAST_LINES_MAX = 30;

/** What a terminal, a service manager or npm adds, and what differs by desk and is handed over otherwise. */
const NOT_COMPARED =
  /^(_|SHLVL|PWD|OLDPWD|COLUMNS|LINES|TERM|TERM_.*|COLORTERM|WINDOWID|STY|TMUX.*|SSH_(CLIENT|CONNECTION|TTY)|GPG_TTY|XDG_SESSION_ID|XDG_VTNR|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|npm_lifecycle_script|FERMATA_RUNTIME|FERMATA_DESK|FERMATA_STARTED_AGAIN)$/;

/**
 * The same text for processes that may run each other's roles; null for roles that are never shared. `handedOn`: what the desk's
 * own programs are given of the environment, which is that of the process; compared in any case.
 */
export function sharingOf(
  name: RoleName,
  script: string,
  env: NodeJS.ProcessEnv,
  handedOn: readonly string[] = [],
): string | null {
  if (!SHARED_ROLES.some((role) => role === name)) return null;
  const compared = Object.entries(env)
    .filter(([variable]) => !NOT_COMPARED.test(variable))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  const given = handedOn
    .filter((variable) => NOT_COMPARED.test(variable))
    .sort()
    .map((variable) => [variable, env[variable] ?? null]);
  const place = [process.execPath, process.cwd(), script, statSync(script).mtimeMs];
  return createHash('sha256')
    .update(JSON.stringify([place, compared, given]))
    .digest('hex');
}

export interface JoinOptions {
  readonly name: RoleName;
  readonly home: string;
  readonly joining: Joining;
  readonly onLine: (line: string) => void;
}

export interface JoinedRole {
  readonly process: ManagedProcess;
  /** Null once it is ready; else why it will not be. */
  readonly ready: Promise<string | null>;
  readonly stop: Running['stop'];
}

/** Null where no process of another desk takes it in. */
export async function joinRole(options: JoinOptions): Promise<JoinedRole | null> {
  for (const home of desksHomes(installationOf(options.home))) {
    const path = sharedSocket(home, options.name);
    if (home === resolve(options.home) || !existsSync(path)) continue;
    const joined = await joinAt(path, options);
    if (joined !== null) return joined;
  }
  return null;
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
    socket.on('error', () => socket.destroy());
    socket.on('connect', () => socket.write(`${JSON.stringify(joining)}\n`));
    const input = createInterface({ input: socket });
    input.on('error', () => undefined);
    input.on('line', (line) => {
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

/** What ends the process itself is its own supervisor's. */
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
  // Before it may be shortened: who was hurried from the first waits no longer either.
  const late = within(stopMs + LATE_MS);
  const hurried = new Promise<void>((resolve) => {
    const hasten = (): void => void within(HURRIED_MS).then(resolve);
    if (hurry?.aborted) hasten();
    else hurry?.addEventListener('abort', hasten, { once: true });
  });
  await Promise.race([exited, late, hurried]);
  clearTimeout(timer);
  // It stops there by itself, or its process ends.
  socket.destroy();
}

function messageIn(line: string): FromHost | null {
  try {
    return JSON.parse(line) as FromHost;
  } catch {
    return null;
  }
}
