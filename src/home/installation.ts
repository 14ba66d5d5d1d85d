/**
 * Several desks in one FERMATA_HOME. The first desk lives in the folder itself, as when there was only one.
 * Each further desk has its own home below it, with its own journal, keys, logs, sockets and backups. The
 * installation shares only the Postgres and Temporal servers, the minutes fetched from venues and, for desks that have none
 * of their own, people.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import {
  DESK_HOMES,
  deskPaths,
  homePaths,
  installationOf,
  type Runtime,
  rootOf,
  sharesPeople,
} from './runtime.js';
import { writeOnce } from './secrets.js';

const FIRST_DATABASE = 'fermata';
const FIRST_NAMESPACE = 'fermata';

/** Null for the first desk's home, which is FERMATA_HOME itself. */
export function furtherDeskOf(home: string): string | null {
  const root = rootOf(home);
  return installationOf(root) === root ? null : basename(root);
}

/** False for the first desk: its people are the installation's. */
export const hasOwnPeople = (home: string): boolean => furtherDeskOf(home) !== null && !sharesPeople(home);

/** Said of a desk where who is signed in elsewhere is not, and another password counts. */
export const ownPeopleText = (desk: string): string =>
  `${desk} has people of its own: other passwords, signing keys and sign-ins than the rest of this installation`;

const HOME_ID = /^[0-9a-f]{24}$/;

/**
 * Identifies a desk's home whatever the machine is called: a recreated container has another host name. Made
 * once. If the folder can't be written, the host name is used.
 */
export function homeId(home: string): string {
  const file = join(home, 'home-id');
  try {
    mkdirSync(home, { recursive: true });
    writeOnce(file, randomBytes(12).toString('hex'));
  } catch {
    // It can't be made. It may be there.
  }
  try {
    const id = readFileSync(file, 'utf8').trim();
    if (HOME_ID.test(id)) return id;
  } catch {
    // Falls back to the host name.
  }
  return hostname();
}

/** The homes of all desks that were started here, the first desk's first. At least FERMATA_HOME itself. */
export function desksHomes(installation: string): readonly string[] {
  const folder = join(installation, DESK_HOMES);
  const further = existsSync(folder) ? readdirSync(folder).sort() : [];
  return [rootOf(installation), ...further.map((desk) => join(rootOf(installation), DESK_HOMES, desk))];
}

/** Whether the Postgres and Temporal servers also hold another desk's data. */
export const sharesServers = (home: string): boolean => desksHomes(installationOf(home)).length > 1;

/**
 * Names of the desks that ran in this very home: they have a journal or, after a reset of the paper account,
 * rules for the next one. Before desks had their own homes, one home could hold several.
 */
export function desksStartedIn(home: string): string[] {
  const folder = join(homePaths(home).home, 'desks');
  const isStarted = (name: string) => {
    const { journal, rulesFrom } = deskPaths(homePaths(home), name);
    return existsSync(journal) || existsSync(rulesFrom);
  };
  return existsSync(folder) ? readdirSync(folder).filter(isStarted).sort() : [];
}

/** The home of a desk that was started before. Null: it never was. */
export function knownHomeOf(installation: string, desk: string): string | null {
  const own = join(rootOf(installation), DESK_HOMES, desk);
  if (existsSync(own)) return own;
  return firstDesk(installation) === desk || desksStartedIn(installation).includes(desk)
    ? rootOf(installation)
    : null;
}

/** The home of a desk; assigns one if it has none. The first desk to ask gets FERMATA_HOME itself. */
export function homeOf(installation: string, desk: string): string {
  const home = wouldBeHomeOf(installation, desk);
  if (home !== rootOf(installation) || becomesFirst(installation, desk)) return home;
  return wouldBeHomeOf(installation, desk);
}

/** As `homeOf`, but assigns nothing. */
export function wouldBeHomeOf(installation: string, desk: string): string {
  const known = knownHomeOf(installation, desk);
  if (known !== null) return known;
  const isFree = firstDesk(installation) === null && desksStartedIn(installation).length === 0;
  return isFree ? rootOf(installation) : join(rootOf(installation), DESK_HOMES, desk);
}

const firstDeskFile = (installation: string): string => join(homePaths(installation).run, 'first-desk');

/**
 * If two first starts run at once, only one desk becomes the first. An older home lacks the file but has its
 * desks.
 */
function becomesFirst(installation: string, desk: string): boolean {
  if (desksStartedIn(installation).includes(desk)) return true;
  const { run } = homePaths(installation);
  try {
    mkdirSync(run, { recursive: true, mode: 0o700 });
    writeOnce(firstDeskFile(installation), desk);
  } catch {
    // The start of this desk reports what is wrong with the folder.
    return true;
  }
  return firstDesk(installation) === desk;
}

/** For a home that is older than that file, the runtime file names the desk that was last started there. */
function firstDesk(installation: string): string | null {
  try {
    const name = textOf(firstDeskFile(installation));
    if (name !== null) return name;
    const runtime = textOf(join(homePaths(installation).run, 'runtime.json'));
    return runtime === null ? null : (JSON.parse(runtime) as Runtime).desk;
  } catch {
    // Truncated by a power cut, or not ours. The start of the desk writes the file again, or reports what is
    // wrong with the folder.
    return null;
  }
}

/** Database of the desk that lives in `home`. */
export function databaseOf(home: string): string {
  const desk = furtherDeskOf(home);
  return desk === null ? FIRST_DATABASE : `desk_${desk}`;
}

/** Namespace of the desk that lives in `home`, on a Temporal server of our own. */
export function namespaceIn(home: string): string {
  return textOf(namespaceFile(home)) ?? firstNamespaceOf(home);
}

/**
 * Gives the desk a new namespace and leaves the old one alone, since others use the same server. `suffix`:
 * letters and digits.
 */
export function takeNewNamespace(home: string, suffix: string): void {
  writeFileSync(namespaceFile(home), `${firstNamespaceOf(home)}-${suffix}\n`, { mode: 0o600 });
}

/** The namespace that the desk has until a restore changes it. */
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
