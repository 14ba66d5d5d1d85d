/** The desks that were started in an installation, and the state of each, for showing them side by side. */
import type { Mode } from '../domain/mode.js';
import { askSocket } from './ask-socket.js';
import { dashboardFrom } from './dashboard-address.js';
import { desksHomes } from './installation.js';
import { deskPaths, homePaths, type Runtime } from './runtime.js';
import { runtimeHere } from './runtime-here.js';
import { askSupervisor } from './supervisor-protocol.js';

const ANSWER_WITHIN_MS = 2_000;

export interface StartedDesk {
  /** As recorded at its last start. */
  readonly runtime: Runtime;
  readonly runs: boolean;
  /** Null if its trader does not answer. */
  readonly mode: Mode | null;
  /** Address of its page. */
  readonly page: string;
}

/** The first desk's home first. Never rejects: a desk that does not answer is listed as such. */
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
