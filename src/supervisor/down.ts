/** `fermata down`: asks the supervisor of this FERMATA_HOME for an orderly end of the desk, and waits for it. */

import { SocketSilent } from '../home/local-socket.js';
import { pollUntil } from '../home/poll-until.js';
import { askSupervisor } from '../home/supervisor-protocol.js';
import { starterOf } from './desk-ended.js';
import { isAlive } from './process-table.js';

/** Longer than all roles may take, one after another. */
export const WAIT_DEFAULT_MS = 240_000;
const POLL_MS = 100;

type DownOutcome =
  | { readonly kind: 'ended' }
  /** Nothing was running here. */
  | { readonly kind: 'not-running' }
  /** It was asked to end and has not in time. */
  | { readonly kind: 'still-running'; readonly pid: number };

export async function down(
  home: string,
  options: { readonly hurry?: boolean; readonly waitMs?: number } = {},
): Promise<DownOutcome> {
  let pid: number;
  try {
    ({ pid } = await askSupervisor(home, 'who', {}));
    await askSupervisor(home, 'stop', { hurry: options.hurry ?? false });
  } catch (error) {
    if (!(error instanceof SocketSilent)) throw error;
    // Between an end and the start that follows it nobody answers, yet the desk runs a moment later.
    const starter = await starterOf(home).catch(() => null);
    if (starter === null) return { kind: 'not-running' };
    process.kill(starter, 'SIGTERM');
    pid = starter;
  }
  const hasEnded = await pollUntil(
    async () => !(await answers(home)) && (pid === process.pid || !isAlive(pid)),
    (ended) => ended,
    { withinMs: options.waitMs ?? WAIT_DEFAULT_MS, everyMs: POLL_MS },
  );
  return hasEnded ? { kind: 'ended' } : { kind: 'still-running', pid };
}

async function answers(home: string): Promise<boolean> {
  return askSupervisor(home, 'who', {}).then(
    () => true,
    () => false,
  );
}
