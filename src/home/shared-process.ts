/**
 * The protocol for roles of several desks in one process. The process of a role listens on a socket next to
 * its desk's other ones. Another desk's supervisor connects and sends one `Joining` line, and its desk's role
 * runs there while the connection lasts. Lines of JSON both ways, and `STOP_LINE`.
 */
import { join } from 'node:path';
import type { Surroundings } from '../desk/desk-environment.js';
import { type FileLock, waitForLock } from './file-lock.js';
import { homePaths } from './runtime.js';

/**
 * Roles that mostly wait. The trader, and every process that a stop passes through, belongs to one desk only.
 */
export const SHARED_ROLES = ['operations-worker', 'web'] as const;

export interface Joining {
  readonly v: 2;
  /** How the process was started: only a role that would be started alike may join. */
  readonly sharing: string;
  readonly runtimeFile: string;
  /** With the desk's own keys: they are passed here alone, and stored nowhere. */
  readonly surroundings: Surroundings;
  /** Held while any part of the role runs there: see `lockOnceFree`. */
  readonly lockFile: string;
  /** A role that has not stopped within this time ends the process. */
  readonly stopMs: number;
}

export type FromHost =
  | { readonly type: 'refused'; readonly why: string }
  /** The role is being started. */
  | { readonly type: 'joined'; readonly pid: number }
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'line'; readonly line: string }
  /** The process is about to end in order; the role ends with it. */
  | { readonly type: 'ends' }
  /** The role has stopped: on request, or because the process ends in order. */
  | { readonly type: 'stopped' };

export const STOP_LINE = 'stop';

/** Set in the environment of a process that may be shared. */
export const SHARING = 'FERMATA_SHARING';

/**
 * The longest time that a role may take to stop, plus a few seconds: if one takes longer, the shared process
 * ends.
 */
const STOPS_MS = 45_000;

export const roleLock = (home: string, role: string): string =>
  join(homePaths(home).run, `joined-${role}.lock`);

/**
 * Resolves with the lock once no process runs the desk's role any more: the process that hosts it may still
 * be stopping it after the supervisor that requested it has ended. `who`: which role of which desk. Throws if
 * this takes too long. Null: `stopping` came first.
 */
export async function lockOnceFree(
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

/** As `lockOnceFree`, for all roles of a desk that another desk's process may host. */
export async function nothingJoined(home: string, stopping: AbortSignal): Promise<readonly FileLock[]> {
  const held: FileLock[] = [];
  try {
    for (const role of SHARED_ROLES) {
      const lock = await lockOnceFree(roleLock(home, role), `${role} of this desk`, stopping);
      if (lock !== null) held.push(lock);
    }
  } catch (error) {
    for (const lock of held) lock.release();
    throw error;
  }
  return held;
}

/** No longer than the name of the supervisor's socket, whose length is checked at the start. */
export function sharedSocket(home: string, role: string): string {
  return join(homePaths(home).sockets, `${role.replace(/-worker$/, '')}.sock`);
}
