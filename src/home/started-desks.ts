/** The desks that were started in an installation, and how each is now: for whoever shows them side by side. */
import type { Mode } from '../domain/mode.js';
import { askSocket } from './ask-socket.js';
import { dashboardFrom } from './dashboard-address.js';
import { desksHomes } from './installation.js';
import { deskPaths, homePaths, type Runtime } from './runtime.js';
import { runtimeHere } from './runtime-here.js';
import { askSupervisor } from './supervisor-protocol.js';

const ANSWER_WITHIN_MS = 2_000;

export interface StartedDesk {
  /** As its last start wrote it down. */
  readonly runtime: Runtime;
  readonly runs: boolean;
  /** Null where its trader does not answer. */
  readonly mode: Mode | null;
  /** Address of its page. */
  readonly page: string;
}

/** The first desk's home before the others'. Never rejects: a desk that does not answer is said to be so. */
export async function startedDesks(installation: string): Promise<readonly StartedDesk[]> {
  return (await Promise.all(desksHomes(installation).map(startedIn))).flat();
}

async function startedIn(home: string): Promise<readonly StartedDesk[]> {
  const runtime = runtimeHere(home);
  if (runtime === null) return [];
  const socket = deskPaths(homePaths(home), runtime.desk).controlSocket;
  const [running, mode] = await Promise.all([
    askSupervisor(home, 'who', {}, ANSWER_WITHIN_MS).then(
      ({ desk }) => desk,
      () => null,
    ),
    askSocket(socket, 'status', {}, ANSWER_WITHIN_MS).then(
      (status) => (status as { readonly mode: Mode }).mode,
      () => null,
    ),
  ]);
  return [{ runtime, runs: running === runtime.desk, mode, page: dashboardFrom(runtime.web) }];
}
