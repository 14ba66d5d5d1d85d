/**
 * What the roles of several desks in one process agree on. The process of a role listens beside its desk's other sockets;
 * another desk's supervisor connects, sends one `Joining` line, and has its desk's role run there for as long as the
 * connection stands. Lines of JSON both ways.
 */
import { join } from 'node:path';
import { type FileLock, waitForLock } from './file-lock.js';
import { homePaths } from './runtime.js';

/** Those that mostly wait. A trader, and what a stop goes through, is one desk's alone. */
export const SHARED_ROLES = ['operations-worker', 'web'] as const;

export interface Joining {
  readonly v: 1;
  /** Of how the process was started: only its like may join. */
  readonly sharing: string;
  readonly runtimeFile: string;
  /** Held for as long as anything of the role runs there: see `heldAlone`. */
  readonly lockFile: string;
  /** A role that has not stopped by then ends the process. */
  readonly stopMs: number;
}

export type FromHost =
  | { readonly type: 'refused'; readonly why: string }
  /** It is being started. */
  | { readonly type: 'joined'; readonly pid: number }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'line'; readonly line: string }
  /** The process ends in order, and the role with it, however it does. */
  | { readonly type: 'ends' }
  /** It has stopped: as it was asked to, or since the process ends in order. */
  | { readonly type: 'stopped' };

export const STOP_LINE = 'stop';

/** In the environment of a process that may be shared. */
export const SHARING = 'FERMATA_SHARING';

/** The longest that a role may take to stop, and some seconds: a process that runs others' ends where one takes longer. */
const STOPS_MS = 45_000;

export const roleLock = (home: string, role: string): string =>
  join(homePaths(home).run, `joined-${role}.lock`);

/**
 * Once nothing of the desk's role runs any more in whatever process took it in: that one may still be at its end when the
 * supervisor that asked for it has ended. `who`: which role of which desk. Throws where it takes too long; null where
 * `stopping` came first.
 */
export async function heldAlone(
  lockFile: string,
  who: string,
  stopping: AbortSignal,
  withinMs = STOPS_MS,
): Promise<FileLock | null> {
  const lock = await waitForLock(lockFile, AbortSignal.any([stopping, AbortSignal.timeout(withinMs)]));
  if (lock !== null || stopping.aborted) return lock;
  throw new Error(
    `${who} has not ended within ${withinMs / 1000} s in the process of another desk: restart it for that desk, ` +
      'and what runs there ends',
  );
}

/** The same for all roles of a desk that another one's process may have taken in. */
export async function nothingJoined(home: string, stopping: AbortSignal): Promise<readonly FileLock[]> {
  const held: FileLock[] = [];
  try {
    for (const role of SHARED_ROLES) {
      const lock = await heldAlone(roleLock(home, role), `${role} of this desk`, stopping);
      if (lock !== null) held.push(lock);
    }
  } catch (error) {
    for (const lock of held) lock.release();
    throw error;
  }
  return held;
}

/** No longer than the name of the supervisor's, whose length its start has looked at. */
export function sharedSocket(home: string, role: string): string {
  return join(homePaths(home).sockets, `${role.replace(/-worker$/, '')}.sock`);
}
