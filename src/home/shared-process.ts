/**
 * What the roles of several desks in one process agree on. The process of a role listens beside its desk's other sockets;
 * another desk's supervisor connects, sends one `Joining` line, and has its desk's role run there for as long as the
 * connection stands. Lines of JSON both ways.
 */
import { join } from 'node:path';
import { homePaths } from './runtime.js';

/** Those that mostly wait. A trader, and what a stop goes through, is one desk's alone. */
export const SHARED_ROLES = ['operations-worker', 'web'] as const;

export interface Joining {
  readonly v: 1;
  /** Of how the process was started: only its like may join. */
  readonly sharing: string;
  readonly runtimeFile: string;
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
  /** It has stopped: as it was asked to, or since the process ends in order. */
  | { readonly type: 'stopped' };

export const STOP_LINE = 'stop';

/** In the environment of a process that may be shared. */
export const SHARING = 'FERMATA_SHARING';

/** No longer than the name of the supervisor's, whose length its start has looked at. */
export function sharedSocket(home: string, role: string): string {
  return join(homePaths(home).sockets, `${role.replace(/-worker$/, '')}.sock`);
}
