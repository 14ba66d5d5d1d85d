/** Whom a command acts for. Who may read the mode-0600 keys of FERMATA_HOME is the desk's operator already. */

import { loadDesk } from '../desk/load.js';
import { hasRole, type RolesNeeded } from '../domain/roles.js';
import type { Runtime } from '../home/runtime.js';
import { usageFailure } from './failure.js';

/**
 * `named` must be a person of the desk file with one of these roles; without a name the first such person is taken. Where the
 * desk file can't be read any more only the unnamed operator is left, so that a stop never fails for that.
 */
export function deskPerson(runtime: Runtime, needed: RolesNeeded, named: string | undefined): string {
  const people = peopleOf(runtime).filter((person) => hasRole(person, needed));
  if (named === undefined) {
    return people[0]?.name ?? 'operator';
  }
  if (people.length > 0 && !people.some((person) => person.name === named)) {
    const names = people.map((person) => person.name).join(', ');
    throw usageFailure(
      `${named} is not a person with the role ${needed.join(' or ')} on this desk`,
      `use --as with one of: ${names}`,
    );
  }
  return named;
}

function peopleOf(runtime: Runtime) {
  try {
    return loadDesk(runtime.deskFile).desk.people;
  } catch {
    return [];
  }
}
