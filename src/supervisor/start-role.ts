/** Starts one role as a process and waits until it says that it is ready. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FileLock, waitForLock } from '../home/file-lock.js';
import { heldAlone, roleLock, SHARING } from '../home/shared-process.js';
import type { CredentialHolder, LiveVenue } from '../venue/definition.js';
import { credentialIn, credentialNames } from '../venue/environment.js';
import type { ChildrenFile } from './children-file.js';
import { joinRole, sharingOf } from './joined-role.js';
import type { Running } from './keep-running.js';
import type { DeskLog } from './log/desk-log.js';
import { endProcess, type ManagedProcess, spawnProcess } from './managed-process.js';
import { ROLE_TIMES, type RoleName } from './roles.js';

const LINES_SHOWN = 8;
const STOPPED_MEANWHILE = 'the desk was stopped meanwhile';
/**
 * The trader lives for weeks within 100 MiB. A small nursery and one heap arena cost it 35 MiB less, and no time; what the
 * exchange's library takes while it is loaded is given back only where it does not lie between what stays: 20 MiB.
 */
export const TRADER_NODE_OPTIONS = ['--max-semi-space-size=1'];
/** The others mostly wait: their heaps are kept small rather than collected seldom, which halves what they take. */
const NODE_OPTIONS_OF_OTHERS = ['--optimize-for-size'];
/** For every role, as `NODE_OPTIONS_OF_OTHERS` is for Node's heap: what native code has given back goes back to the system. */
export const ROLE_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_TRIM_THRESHOLD_: '65536',
};

export interface RoleStartOptions {
  readonly name: RoleName;
  readonly script: string;
  readonly runtimeFile: string;
  readonly separate: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly log: DeskLog;
  readonly children: ChildrenFile;
  /** The trader has come to the end of a recording and asks to end the desk. */
  readonly onEnded: (detail: string) => void;
  /** Aborted when the desk is to stop: nobody waits for it to become ready then. */
  readonly stopping: AbortSignal;
  /** Absent: each role has a process of its own. */
  readonly share?: {
    readonly home: string;
    /** Of the installation. */
    readonly run: string;
    readonly mayJoin: () => boolean;
    /** What the desk's own programs are given of the environment. */
    readonly handedOn: readonly string[];
  };
}

export const ROLE_SCRIPT = fileURLToPath(new URL('../../dist/run/run-role.js', import.meta.url));

type RoleMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'ended'; readonly detail?: string }
  /** From now on it takes in roles of other desks. */
  | { readonly type: 'shares' };

interface Begun extends Running {
  /** Null once it is ready; else why it will not be. */
  readonly ready: Promise<string | null>;
  /** It runs in the process of another desk. */
  readonly isJoined: boolean;
}

/** Rejects with the role's own reason or its last lines; nothing of it is left running then. */
export async function startRole(options: RoleStartOptions): Promise<Running> {
  const { name, share } = options;
  const sharing =
    share === undefined || options.separate
      ? null
      : sharingOf(name, options.script, environmentOf(options), share.handedOn);
  if (share === undefined || sharing === null) return whenReady(options, await begin(options, null));
  // In turn with what an earlier supervisor has left of it elsewhere; before the turn among desks, which it is not to hold up.
  (await alone(options, share.home))?.release();
  // One after the other: of two that start at once, the second finds the process of the first.
  const turn = await waitForLock(join(share.run, `shared-${name}.lock`), options.stopping);
  const begun = await beginShared(options, share, sharing).finally(() => turn?.release());
  // The other desk ended just now.
  if (begun.isJoined && (await begun.ready) !== null && !begun.process.alive())
    return whenReady(options, await begin(options, sharing));
  return whenReady(options, begun);
}

async function beginShared(
  options: RoleStartOptions,
  { home, mayJoin }: NonNullable<RoleStartOptions['share']>,
  sharing: string,
): Promise<Begun> {
  const joined = mayJoin() ? await joinOther(options, home, sharing) : null;
  return joined ?? begin(options, sharing);
}

async function whenReady({ name }: RoleStartOptions, { process, stop, ready }: Begun): Promise<Running> {
  const problem = await ready;
  if (problem === null) return { process, stop };
  await stop();
  throw new Error(`${name} did not start: ${problem}`);
}

/** Null where no process of another desk takes it in. */
async function joinOther(options: RoleStartOptions, home: string, sharing: string): Promise<Begun | null> {
  const { name, log, runtimeFile, stopping } = options;
  const { readyMs, stopMs: ownStopMs, joinedStopMs: stopMs = ownStopMs } = ROLE_TIMES[name];
  const joined = await joinRole({
    ...{ name, home, joining: { v: 1, sharing, runtimeFile, lockFile: roleLock(home, name), stopMs } },
    onLine: (line) => log.writeChildLine(name, line, 'out'),
  });
  if (joined === null) return null;
  log.write('supervisor', 'info', `${name} runs in the process of another desk (${joined.process.pid})`);
  const late = AbortSignal.any([AbortSignal.timeout(readyMs), stopping]);
  const ready = Promise.race([joined.ready, aborted(late)]).then((first) => {
    if (first !== 'aborted') return first;
    return stopping.aborted ? STOPPED_MEANWHILE : `not ready within ${readyMs / 1000} s`;
  });
  return { ...joined, ready, isJoined: true };
}

const alone = ({ name, stopping }: RoleStartOptions, home: string): Promise<FileLock | null> =>
  heldAlone(roleLock(home, name), `${name} of this desk`, stopping);

/** In a process of its own; `sharing`: which may take in roles of other desks, and does when this resolves. */
async function begin(options: RoleStartOptions, sharing: string | null): Promise<Begun> {
  const { name } = options;
  let onFirstMessage: (message: RoleMessage) => void = () => undefined;
  const message = new Promise<RoleMessage>((resolve) => {
    onFirstMessage = resolve;
  });
  let onShares: () => void = () => undefined;
  const shares = new Promise<void>((resolve) => {
    onShares = resolve;
  });
  // Held as long as it lives: a process that stood still when it was asked finds out that it comes too late.
  const lock =
    sharing === null || options.share === undefined ? null : await alone(options, options.share.home);
  const child = await spawnProcess({
    name,
    command: process.execPath,
    args: [...nodeOptionsOf(name), options.script, name],
    env: roleEnvironment(options, sharing),
    output: { to: 'lines', onLine: (line, stream) => options.log.writeChildLine(name, line, stream) },
    onMessage: (raw) => {
      const received = raw as RoleMessage;
      if (received.type === 'ended') options.onEnded(received.detail ?? 'the recording ended');
      else if (received.type === 'shares') onShares();
      else onFirstMessage(received);
    },
  }).catch((error: unknown) => {
    lock?.release();
    throw error;
  });
  void child.exited.then(() => {
    lock?.release();
    options.children.remove(child.pid);
  });
  await options.children.add(name, child.pid);
  const ready = readiness(child, message, ROLE_TIMES[name].readyMs, options.stopping);
  const stop = async (hurry?: AbortSignal): Promise<void> => {
    const clean = await endProcess(child, [{ signal: 'SIGTERM', waitMs: ROLE_TIMES[name].stopMs }], hurry);
    if (!clean) options.log.write('supervisor', 'warn', `${name} did not stop in time and was killed`);
  };
  if (sharing !== null) await Promise.race([shares, ready]);
  return { process: child, stop, ready, isJoined: false };
}

const nodeOptionsOf = (name: RoleName): readonly string[] =>
  name === 'trader' ? TRADER_NODE_OPTIONS : NODE_OPTIONS_OF_OTHERS;

function roleEnvironment(options: RoleStartOptions, sharing: string | null): NodeJS.ProcessEnv {
  return {
    ...environmentOf(options),
    ...ROLE_ENVIRONMENT,
    FERMATA_RUNTIME: options.runtimeFile,
    ...(sharing === null ? {} : { [SHARING]: sharing }),
    ...(options.separate ? { FERMATA_SEPARATE: '1' } : {}),
  };
}

/** Who needs which secret, where every role is a process of its own. Nobody needs the password: it was hashed at the start. */
const NEEDED_BY: readonly (readonly [RegExp, readonly RoleName[]])[] = [
  [/^DASHBOARD_PASSWORD/, []],
  [/^TELEGRAM_/, ['telegram', 'operations-worker']],
  [/^(SMTP_|SENDER_EMAIL$)/, ['telegram']],
  [/^AWS_/, ['operations-worker']],
  [/^TEMPORAL_/, ['engine-worker', 'operations-worker', 'web', 'telegram']],
];
/** The pre-flight looks at each key, hence the operations worker. */
const NEEDS_KEY: Readonly<Record<CredentialHolder, readonly RoleName[]>> = {
  trader: ['trader', 'operations-worker'],
  auditor: ['auditor', 'operations-worker'],
};
/** Roles that run in the process of another one. */
const INSIDE: Partial<Record<RoleName, RoleName>> = { auditor: 'engine-worker', telegram: 'web' };

/** Each role gets its own secrets only. */
export function environmentOf({
  name,
  separate,
  env,
}: Pick<RoleStartOptions, 'name' | 'separate' | 'env'>): NodeJS.ProcessEnv {
  const runs = (role: RoleName): boolean => name === role || (!separate && INSIDE[role] === name);
  const isFor = (variable: string): boolean => {
    const credential = credentialIn(variable);
    if (credential === null)
      return NEEDED_BY.every(([secret, roles]) => !secret.test(variable) || roles.some(runs));
    if (NEEDS_KEY[credential.holder].some(runs)) return true;
    // Without a key of its own the auditor reads with the trader's.
    return credential.holder === 'trader' && runs('auditor') && !hasAuditorKey(credential.live, env);
  };
  return Object.fromEntries(Object.entries(env).filter(([variable]) => isFor(variable)));
}

function hasAuditorKey(live: LiveVenue, env: NodeJS.ProcessEnv): boolean {
  const [key] = credentialNames(live, 'auditor');
  return key !== undefined && Boolean(env[key] || env[`${key}_FILE`]);
}

/** Null once ready. */
async function readiness(
  child: ManagedProcess,
  message: Promise<RoleMessage>,
  timeoutMs: number,
  stopping: AbortSignal,
): Promise<string | null> {
  const late = AbortSignal.any([AbortSignal.timeout(timeoutMs), stopping]);
  const first = await Promise.race([message, child.exited, aborted(late)]);
  if (first === 'aborted' && stopping.aborted) return STOPPED_MEANWHILE;
  const lines = child.lastLines().slice(-LINES_SHOWN).join('\n  ');
  const shown = lines === '' ? '' : `; the last it said:\n  ${lines}`;
  if (first === 'aborted') return `not ready within ${timeoutMs / 1000} s${shown}`;
  if ('type' in first) {
    if (first.type === 'failed') return first.message;
    return null;
  }
  return `it ended with ${first.signal ?? `exit code ${first.code}`}${shown}`;
}

function aborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('aborted');
    else signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}
