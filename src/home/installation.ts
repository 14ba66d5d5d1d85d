/**
 * Several desks in one FERMATA_HOME. The first desk lives in the folder itself, as it did when there was only one; each
 * further desk has a home of its own below it, with its own journal, keys, logs, sockets and backups. Only the servers of
 * Postgres and Temporal, and the minutes that were fetched from venues, are the installation's.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DESK_HOMES, deskPaths, homePaths, installationOf, type Runtime } from './runtime.js';
import { writeOnce } from './secrets.js';

const FIRST_DATABASE = 'fermata';
const FIRST_NAMESPACE = 'fermata';

/** Null for the first desk's home, which is FERMATA_HOME itself. */
export function furtherDeskOf(home: string): string | null {
  const root = resolve(home);
  return installationOf(root) === root ? null : basename(root);
}

/** The homes of all desks that were started here, the first desk's before the others; at least FERMATA_HOME itself. */
export function desksHomes(installation: string): readonly string[] {
  const folder = join(installation, DESK_HOMES);
  const further = existsSync(folder) ? readdirSync(folder).sort() : [];
  return [resolve(installation), ...further.map((desk) => join(resolve(installation), DESK_HOMES, desk))];
}

/** Whether the servers of Postgres and Temporal hold what another desk needs. */
export const sharesServers = (home: string): boolean => desksHomes(installationOf(home)).length > 1;

/** Desks that have a journal in this very home, by name. Before there were homes of desks, one home could have several. */
export function desksStartedIn(home: string): string[] {
  const folder = join(homePaths(home).home, 'desks');
  const isStarted = (name: string) => existsSync(deskPaths(homePaths(home), name).journal);
  return existsSync(folder) ? readdirSync(folder).filter(isStarted).sort() : [];
}

/** Where a desk lives that was started before; null where it never was. */
export function knownHomeOf(installation: string, desk: string): string | null {
  const own = join(resolve(installation), DESK_HOMES, desk);
  if (existsSync(own)) return own;
  return firstDesk(installation) === desk || desksStartedIn(installation).includes(desk)
    ? resolve(installation)
    : null;
}

/** Where a desk lives, or is to live from now on. The first one to ask has FERMATA_HOME itself. */
export function homeOf(installation: string, desk: string): string {
  const home = wouldBeHomeOf(installation, desk);
  if (home !== resolve(installation) || becomesFirst(installation, desk)) return home;
  return wouldBeHomeOf(installation, desk);
}

/** The same for a look: it takes no place. */
export function wouldBeHomeOf(installation: string, desk: string): string {
  const known = knownHomeOf(installation, desk);
  if (known !== null) return known;
  const isFree = firstDesk(installation) === null && desksStartedIn(installation).length === 0;
  return isFree ? resolve(installation) : join(resolve(installation), DESK_HOMES, desk);
}

const firstDeskFile = (installation: string): string => join(homePaths(installation).run, 'first-desk');

/** Two first starts at once: one of them is. A home of before has its desks without that. */
function becomesFirst(installation: string, desk: string): boolean {
  if (desksStartedIn(installation).includes(desk)) return true;
  const { run } = homePaths(installation);
  try {
    mkdirSync(run, { recursive: true, mode: 0o700 });
    writeOnce(firstDeskFile(installation), desk);
  } catch {
    // The start of this desk says what is wrong with the folder, and what to do.
    return true;
  }
  return firstDesk(installation) === desk;
}

/** Homes of before that file say it by what they were started with. */
function firstDesk(installation: string): string | null {
  try {
    const name = textOf(firstDeskFile(installation));
    if (name !== null) return name;
    const runtime = textOf(join(homePaths(installation).run, 'runtime.json'));
    return runtime === null ? null : (JSON.parse(runtime) as Runtime).desk;
  } catch {
    // Cut off by a power cut, or somebody else's: the start of the desk writes it anew, or says what is wrong with the folder.
    return null;
  }
}

/** Of the desk that lives in `home`. */
export function databaseOf(home: string): string {
  const desk = furtherDeskOf(home);
  return desk === null ? FIRST_DATABASE : `desk_${desk}`;
}

/** Of the desk that lives in `home`, in a Temporal server of our own. */
export function namespaceIn(home: string): string {
  return textOf(namespaceFile(home)) ?? firstNamespaceOf(home);
}

/** The desk leaves what its old namespace holds where it is: others use the same server. `suffix`: letters and digits. */
export function takeNewNamespace(home: string, suffix: string): void {
  writeFileSync(namespaceFile(home), `${firstNamespaceOf(home)}-${suffix}\n`, { mode: 0o600 });
}

/** Before a restore gives it another. */
function firstNamespaceOf(home: string): string {
  const desk = furtherDeskOf(home);
  return desk === null ? FIRST_NAMESPACE : `fermata-${desk}`;
}

const namespaceFile = (home: string): string => join(homePaths(home).home, 'temporal-namespace');

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
