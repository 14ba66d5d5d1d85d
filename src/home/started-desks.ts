/** The desks that were started in an installation, and the state of each, to show them side by side. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedDesk } from '../desk/load.js';
import { keepOwnFiles } from '../desk/own-strategies.js';
import type { Mode } from '../domain/mode.js';
import { dashboardFrom } from './dashboard-address.js';
import { desksHomes } from './installation.js';
import { askSocket } from './local-socket.js';
import { deskPaths, homePaths, type Runtime } from './runtime.js';
import { runtimeHere } from './runtime-here.js';
import { askSupervisor } from './supervisor-protocol.js';

const ANSWER_WITHIN_MS = 2_000;

export interface StartedDesk {
  /** As recorded at its last start. */
  readonly runtime: Runtime;
  readonly runs: boolean;
  /** Null: its trader does not answer. */
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

/**
 * Copies the desk as it was started, with its own strategies and playbooks. A role that restarts then never
 * reads a draft, or later changes to its desk's file. `run`: that folder of the home. Call it only after
 * making sure that no desk runs there.
 */
export function keepStartedDesk(
  run: string,
  { desk, file, writtenFile = file, text }: LoadedDesk,
): Required<Pick<Runtime, 'deskFile' | 'writtenFile'>> {
  const folder = join(run, 'started');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  keepOwnFiles(folder, desk);
  const deskFile = join(folder, 'desk.yaml');
  writeFileSync(deskFile, text, { mode: 0o600 });
  return { deskFile, writtenFile: resolve(writtenFile) };
}
