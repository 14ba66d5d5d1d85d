/** The desks that were started here, and which of them somebody means. A stop loads this: what reads a desk file is not imported. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isContainer } from '../desk/desk-environment.js';
import { deskPlacesHere, resolveDesk } from '../desk/resolve-desk.js';
import { desksHomes } from './installation.js';
import { HomeOfAnother } from './json-file.js';
import { homePaths, installationOf, peopleHomeOf, type Runtime, writtenFileOf } from './runtime.js';

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
