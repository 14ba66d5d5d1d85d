import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { desksHomes } from './installation.js';
import { HomeOfAnother } from './json-file.js';
import { isContainer } from './process-environment.js';
import { homePaths, installationOf, peopleHomeOf, type Runtime } from './runtime.js';

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
