/**
 * The desks that were started here: which of them somebody means, the addresses of their pages, and what each of them
 * does now. A stop loads this: what reads a desk file is not imported.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContainer } from '../desk/desk-environment.js';
import { deskPlacesHere, resolveDesk } from '../desk/resolve-desk.js';
import type { Mode } from '../domain/mode.js';
import { desksHomes } from './installation.js';
import { HomeOfAnother } from './json-file.js';
import { askSocket } from './local-socket.js';
import {
  deskPaths,
  homePaths,
  installationOf,
  peopleHomeOf,
  type Runtime,
  writtenFileOf,
} from './runtime.js';
import { askSupervisor } from './supervisor-protocol.js';

/**
 * Imports everything that reads a desk file. Loaded only in a container, since a stop command would have to
 * wait for it.
 */
const fromEnvironment = isContainer(process.env)
  ? (await import('./runtime-from-environment.js')).runtimeFromEnvironment
  : null;

/**
 * What the last `fermata up` recorded or, in a container, what its roles read from the environment. Null:
 * neither exists. The desk may have ended since. Throws `HomeOfAnother`: a desk may run there.
 */
export function runtimeHere(home: string): Runtime | null {
  try {
    return JSON.parse(readFileSync(join(homePaths(home).run, 'runtime.json'), 'utf8')) as Runtime;
  } catch (error) {
    if (fromEnvironment !== null) return fromEnvironment(process.env);
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw new HomeOfAnother(home);
    return null;
  }
}

/** Homes of the desks that were started here. */
export const startedHomes = (installation: string): readonly string[] =>
  desksHomes(installation).filter((home) => runtimeHere(home) !== null);

export const deskNamesIn = (homes: readonly string[]): readonly string[] =>
  homes.map((home) => runtimeHere(home)?.desk ?? '');

/** Homes of the desks started here that share the people of the desk in `home`: that one first. */
export const homesSharingPeople = (home: string): readonly string[] => [
  home,
  ...startedHomes(installationOf(home)).filter(
    (other) => other !== home && peopleHomeOf(other) === peopleHomeOf(home),
  ),
];

/**
 * A desk's name or path, as `--desk` has it, to its file: as `resolveDesk`, also by the name of a desk that was
 * started here from a file that no name leads to. Messages name it, and it goes on by that name.
 */
export function resolveStartedDesk(nameOrPath: string, meant?: (near: string) => string): string {
  const places = deskPlacesHere();
  const started = desksHomes(places.home).flatMap((home): [string, string][] => {
    const runtime = runtimeHere(home);
    return runtime === null ? [] : [[runtime.desk, writtenFileOf(runtime)]];
  });
  return resolveDesk(nameOrPath, { ...places, started: new Map(started) }, meant);
}

type Web = Runtime['web'];

/** The dashboard's address on this machine. */
export function localDashboard({ host, port }: Web): string {
  // In a container, the dashboard listens on all addresses and is published on loopback.
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/`;
}

/** The address for links, which may be opened on another machine. The dashboard signs people in. */
export const dashboardFrom = (web: Web): string =>
  web.publicUrl === undefined ? localDashboard(web) : `${web.publicUrl}/`;

/**
 * Address of a run in Temporal's UI. Null: no UI is behind our sign-in, since the server is somebody else's
 * and nobody has named its UI.
 */
export function runAddress(
  { web, temporal }: Pick<Runtime, 'web' | 'temporal'>,
  workflowId: string,
): string | null {
  if (temporal.uiAddress === null) return null;
  return `${dashboardFrom(web)}#run=${encodeURIComponent(workflowId)}`;
}

// The same for the desk that was last started with a FERMATA_HOME; null if there is none.

export function runAddressAt(home: string, workflowId: string): string | null {
  const runtime = runtimeHere(home);
  return runtime === null ? null : runAddress(runtime, workflowId);
}

/** Address of a document that the web role serves: its name without `.md`, optionally with `#` and a section. */
export function documentAddressAt(home: string, document: string): string | null {
  const web = runtimeHere(home)?.web;
  return web === undefined ? null : `${dashboardFrom(web)}docs/${document}`;
}

/** Address of a setup's own page. */
export function setupAddressAt(home: string, setup: string): string | null {
  const web = runtimeHere(home)?.web;
  return web === undefined ? null : `${dashboardFrom(web)}#/setups/${setup}`;
}

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

/** To show them side by side, the first desk's home first. Never rejects: a desk that does not answer is listed as such. */
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
