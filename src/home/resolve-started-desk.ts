/** A desk's name or path, as `--desk` has it, to its file. Apart from what else knows started desks: a stop loads this. */
import { deskPlacesHere, resolveDesk } from '../desk/resolve-desk.js';
import { desksHomes } from './installation.js';
import { writtenFileOf } from './runtime.js';
import { runtimeHere } from './runtime-here.js';

/**
 * As `resolveDesk`, also by the name of a desk that was started here from a file that no name leads to: messages name
 * it, and it goes on by that name.
 */
export function resolveStartedDesk(nameOrPath: string, meant?: (near: string) => string): string {
  const places = deskPlacesHere();
  const started = desksHomes(places.home).flatMap((home): [string, string][] => {
    const runtime = runtimeHere(home);
    return runtime === null ? [] : [[runtime.desk, writtenFileOf(runtime)]];
  });
  return resolveDesk(nameOrPath, { ...places, started: new Map(started) }, meant);
}
