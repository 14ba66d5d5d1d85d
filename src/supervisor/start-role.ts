/** Starts one role as a process and waits until it reports that it is ready. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILE_LATER } from '../desk/desk-environment.js';
import { type FileLock, waitForLock } from '../home/file-lock.js';
import { lockOnceFree, roleLock, SHARING } from '../home/shared-process.js';
import type { CredentialHolder, LiveVenue } from '../venue/definition.js';
import { credentialIn, credentialNames } from '../venue/environment.js';
import { joinRole, sharingOf } from './joined-role.js';
import { NotYet, type Running } from './keep-running.js';
import type { DeskLog } from './log/desk-log.js';
import { endProcess, type ManagedProcess, spawnProcess } from './managed-process.js';
import type { ChildrenFile } from './process-table.js';
import { READY_MS, ROLE_TIMES, type RoleName } from './roles.js';

const LINES_SHOWN = 8;
const STOPPED_MEANWHILE = 'the desk was stopped meanwhile';
/**
 * The trader runs for weeks within 100 MiB. A small nursery and a single heap arena save 35 MiB at no cost in time.
 * Memory that the exchange's library needs while loading is freed only if it is not fragmented by long-lived objects:
 * 20 MiB.
 */
export const TRADER_NODE_OPTIONS = ['--max-semi-space-size=1'];
/**
 * The other roles mostly wait: collecting often, so their heaps stay small, halves their memory. While they
 * load, nearly everything stays: nine full collections up to 50 MB would take an eighth of their start.
 */
const NODE_OPTIONS_OF_OTHERS = ['--optimize-for-size', '--initial-heap-size=96', ...COMPILE_LATER];
/** For every role: memory freed by native code returns to the system. */
export const ROLE_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_TRIM_THRESHOLD_: '65536',
};

interface RoleStartOptions {
  readonly name: RoleName;
  readonly script: string;
  readonly runtimeFile: string;
  readonly separate: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly log: DeskLog;
  readonly children: ChildrenFile;
  /** The trader has reached the end of a recording and asks to end the desk. */
  readonly onEnded: (detail: string) => void;
  /** Aborted when the desk must stop: then nobody waits for the role any longer. */
  readonly stopping: AbortSignal;
  /** Left out: each role has its own process. */
  readonly share?: {
    readonly home: string;
    /** Run folder of the installation. */
    readonly run: string;
    readonly mayJoin: () => boolean;
  };
}

export const ROLE_SCRIPT = fileURLToPath(new URL('../../dist/run/run-role.js', import.meta.url));

type RoleMessage =
  | { readonly type: 'ready' }
  /** `again`: it may start a moment later. */
  | { readonly type: 'failed'; readonly message: string; readonly again?: true }
  | { readonly type: 'ended'; readonly detail?: string }
  /** From now on it hosts roles of other desks. */
  | { readonly type: 'shares' };

interface Begun extends Running {
  /** Resolves with null once it is ready; otherwise with the reason why it won't be. */
  readonly ready: Promise<string | NotYet | null>;
  /** True if it runs in a process of another desk. */
  readonly isJoined: boolean;
}

/** Rejects with the role's own reason or its last lines, and then leaves nothing of it running. */
export async function startRole(options: RoleStartOptions): Promise<Running> {
  const { name, share } = options;
  const sharing =
    share === undefined || options.separate ? null : sharingOf(name, options.script, environmentOf(options));
  if (share === undefined || sharing === null) return whenReady(options, await begin(options, null));
  // Waits for anything that an earlier supervisor left of the role elsewhere. Done before the turn below, so
  // it doesn't hold up other desks.
  (await alone(options, share.home))?.release();
  // One desk at a time: of two that start at once, the second finds the process of the first.
  const turn = await waitForLock(join(share.run, `shared-${name}.lock`), options.stopping);
  const begun = await beginShared(options, share, sharing).finally(() => turn?.release());
  // The other desk has just ended.
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
  throw problem instanceof NotYet ? problem : new Error(`${name} did not start: ${problem}`);
}

/** Null if no process of another desk accepts it. */
async function joinOther(options: RoleStartOptions, home: string, sharing: string): Promise<Begun | null> {
  const { name, log, runtimeFile, stopping } = options;
  const { stopMs: ownStopMs, joinedStopMs: stopMs = ownStopMs } = ROLE_TIMES[name];
  const joined = await joinRole({
    ...{ name, home },
    joining: {
      v: 2,
      ...{ sharing, runtimeFile, lockFile: roleLock(home, name), stopMs },
      surroundings: {
        env: { ...environmentOf(options), FERMATA_RUNTIME: runtimeFile },
        folder: process.cwd(),
      },
    },
    onLine: (line) => log.writeChildLine(name, line, 'out'),
  });
  if (joined === null) return null;
  log.write('supervisor', 'info', `${name} runs in the process of another desk (${joined.process.pid})`);
  const late = AbortSignal.any([AbortSignal.timeout(READY_MS), stopping]);
  const ready = Promise.race([joined.ready, aborted(late)]).then((first) => {
    if (first !== 'aborted') return first;
    return stopping.aborted ? STOPPED_MEANWHILE : `not ready within ${READY_MS / 1000} s`;
  });
  return { ...joined, ready, isJoined: true };
}

const alone = ({ name, stopping }: RoleStartOptions, home: string): Promise<FileLock | null> =>
  lockOnceFree(roleLock(home, name), `${name} of this desk`, stopping);

/** In its own process. `sharing`: which roles of other desks it may host, once this resolves; null: none. */
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
  // Held while the process lives: a host suspended when it was asked to take the role finds itself too late.
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
  const ready = readiness(child, message, options.stopping);
  const stop = async (hurry?: AbortSignal): Promise<void> => {
    const clean = await endProcess(child, [{ signal: 'SIGTERM', waitMs: ROLE_TIMES[name].stopMs }], hurry);
    if (!clean) options.log.write('supervisor', 'warn', `${name} did not stop in time and was killed`);
  };
  if (sharing !== null) await Promise.race([shares, ready]);
  return { process: child, stop, ready, isJoined: false };
}

const nodeOptionsOf = (name: RoleName): readonly string[] =>
  name === 'trader' ? [...TRADER_NODE_OPTIONS, ...COMPILE_LATER] : NODE_OPTIONS_OF_OTHERS;

function roleEnvironment(options: RoleStartOptions, sharing: string | null): NodeJS.ProcessEnv {
  return {
    ...environmentOf(options),
    ...ROLE_ENVIRONMENT,
    FERMATA_RUNTIME: options.runtimeFile,
    ...(sharing === null ? {} : { [SHARING]: sharing }),
    ...(options.separate ? { FERMATA_SEPARATE: '1' } : {}),
  };
}

/**
 * Which roles need which secret when every role has its own process. No role needs the password: it was
 * hashed at the start.
 */
const NEEDED_BY: readonly (readonly [RegExp, readonly RoleName[]])[] = [
  [/^DASHBOARD_PASSWORD/, []],
  [/^TELEGRAM_/, ['telegram', 'operations-worker']],
  [/^(SMTP_|SENDER_EMAIL$)/, ['telegram']],
  [/^AWS_/, ['operations-worker']],
  [/^TEMPORAL_/, ['engine-worker', 'operations-worker', 'web', 'telegram']],
];
/** The operations worker is included because the pre-flight checks each key. */
const NEEDS_KEY: Readonly<Record<CredentialHolder, readonly RoleName[]>> = {
  trader: ['trader', 'operations-worker'],
  auditor: ['auditor', 'operations-worker'],
};
/** Roles with secrets that run in another role's process, unless separate. */
const INSIDE: Partial<Record<RoleName, RoleName>> = { auditor: 'engine-worker', telegram: 'web' };

/** Each role gets only its own secrets. */
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
    // Without its own key the auditor reads with the trader's.
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
  stopping: AbortSignal,
): Promise<string | NotYet | null> {
  const late = AbortSignal.any([AbortSignal.timeout(READY_MS), stopping]);
  const first = await Promise.race([message, child.exited, aborted(late)]);
  if (first === 'aborted' && stopping.aborted) return STOPPED_MEANWHILE;
  const lines = child.lastLines().slice(-LINES_SHOWN).join('\n  ');
  const shown = lines === '' ? '' : `; the last it said:\n  ${lines}`;
  if (first === 'aborted') return `not ready within ${READY_MS / 1000} s${shown}`;
  if ('type' in first) {
    if (first.type === 'failed') return first.again === true ? new NotYet(first.message) : first.message;
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
