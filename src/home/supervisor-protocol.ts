/** The requests that the supervisor answers on its socket. */

import type { BuildSwitch } from './builds.js';
import { askSocket } from './local-socket.js';
import type { ProcessStatus } from './process-status.js';
import type { RestoreOrder } from './restore-mark.js';
import { homePaths } from './runtime.js';

export type { ProcessStatus };
export type ProcessState = ProcessStatus['state'];

/** `signing in`: as `starting`, and waits for a person, as long as the start itself allows. */
export type DeskPhase = 'starting' | 'signing in' | 'running' | 'stopping';

export interface SupervisorMethods {
  who: {
    params: Record<string, never>;
    result: {
      readonly pid: number;
      readonly desk: string;
      readonly startedWallMs: number;
      readonly phase: DeskPhase;
    };
  };
  processes: { params: Record<string, never>; result: readonly ProcessStatus[] };
  /** Answers at once; the socket is gone once everything has ended. */
  stop: { params: { readonly hurry: boolean }; result: { readonly stopping: true } };
  /** Stops one role, or `postgres`, or `temporal`, in order and starts it again. Answers when it is ready. */
  restart: { params: { readonly name: string }; result: ProcessStatus };
  /**
   * Ends everything in order, and starts it again after the pause. Before it ends, it answers with the id of
   * the process that will start it again. If that start would fail, it refuses and ends nothing.
   */
  startAgain: { params: { readonly pauseMs: number }; result: { readonly starter: number } };
  /**
   * As `startAgain`, and in between puts the newest good backup in the place of the database.
   * `readRestoreOrder` returns the outcome afterwards. Also refuses, and ends nothing, if there is no good
   * backup.
   */
  restoreDatabase: { params: Pick<RestoreOrder, 'key' | 'by'>; result: { readonly backupId: string } };
  /**
   * As `startAgain`, with another build, or with the previous one if that build is unhealthy.
   * `readBuildPointer` returns the outcome afterwards. Also refuses, and ends nothing, if there is no such
   * build.
   */
  switchBuild: {
    params: Pick<BuildSwitch, 'key' | 'by' | 'to'>;
    result: { readonly starter: number };
  };
}

export type SupervisorMethod = keyof SupervisorMethods;

const TIMEOUT_DEFAULT_MS = 3_000;

/** Rejects with SocketSilent if no supervisor runs on this FERMATA_HOME, or with SocketRefusal. */
export async function askSupervisor<M extends SupervisorMethod>(
  home: string,
  method: M,
  params: SupervisorMethods[M]['params'],
  timeoutMs = TIMEOUT_DEFAULT_MS,
): Promise<SupervisorMethods[M]['result']> {
  return (await askSocket(
    supervisorSocketPath(home),
    method,
    params,
    timeoutMs,
  )) as SupervisorMethods[M]['result'];
}

export function supervisorSocketPath(home: string): string {
  return `${homePaths(home).sockets}/supervisor.sock`;
}
