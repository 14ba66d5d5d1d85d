/**
 * The person that a command acts for. A decision takes a signed-in person; what makes the desk safer needs no
 * sign-in.
 */

import { BUILT_IN_OPERATOR, hasRole, namesWith, type RolesNeeded, rolesOf } from '../domain/roles.js';
import { namedOnCli, signedInOnCli } from '../home/cli-session.js';
import type { Runtime } from '../home/runtime.js';
import { standingOf } from '../home/sign-in-standing.js';
import { loadDesk } from '../venue/load-desk.js';
import { CliFailure } from './failure.js';

/**
 * Throws `CliFailure`, exit code 1, if nobody or somebody else is signed in, or if the desk file does not give the
 * person such a role.
 */
export function signedInPerson(
  { home, deskFile }: Pick<Runtime, 'home' | 'deskFile'>,
  needed: RolesNeeded,
  named: string | undefined,
): string {
  const { people } = loadDesk(deskFile).desk;
  const signIn = signedInOnCli(home, (name) => standingOf(home, name, rolesOf(people, name)), Date.now());
  const [somebody = 'NAME'] = named === undefined ? namesWith(people, needed) : [named];
  if (!signIn.ok) throw notSignedIn(signIn.why, somebody);
  const { person, after } = signIn;
  if (named === undefined && after !== null) throw nameYourself(person, after);
  if (named !== undefined && named !== person)
    throw notSignedIn(`${person} is signed in here, not ${named}`, named);
  if (hasRole({ roles: rolesOf(people, person) }, needed)) return person;
  const may = namesWith(people, needed).join(', ') || 'nobody';
  throw new CliFailure(
    `${person} may not decide this: the desk file gives no role ${needed.join(' or ')}`,
    'nothing was decided',
    `somebody who may signs in: ${may}`,
  );
}

/**
 * For what needs no sign-in: the signed-in person if that person has the role, otherwise the first person who has it,
 * for the record. Never throws, so that no stop fails because of it.
 */
export function deskPerson(runtime: Pick<Runtime, 'home' | 'deskFile'>, needed: RolesNeeded): string {
  const names = namesWith(peopleOf(runtime), needed);
  const signedIn = namedOnCli(runtime.home, Date.now());
  const known = signedIn !== null && (names.length === 0 || names.includes(signedIn)) ? signedIn : names[0];
  return known ?? BUILT_IN_OPERATOR;
}

/** For what needs no sign-in unless a name is given: then that person has to be signed in. */
export function actingPerson(
  runtime: Pick<Runtime, 'home' | 'deskFile'>,
  needed: RolesNeeded,
  named: string | undefined,
): string {
  return named === undefined ? deskPerson(runtime, needed) : signedInPerson(runtime, needed, named);
}

/** There are several people here: a shell in which one has signed in would otherwise decide for another. */
function nameYourself(person: string, after: string): CliFailure {
  return new CliFailure(
    `${person} has signed in here after ${after}: it takes --as, so that no shell decides as somebody else`,
    'nothing was decided',
    `the same command with --as ${person}, or fermata login ${after}, or fermata logout first`,
  );
}

function notSignedIn(why: string, name: string): CliFailure {
  return new CliFailure(
    `${why}; this takes a person who is signed in`,
    'nothing was decided',
    `fermata login ${name}`,
  );
}

function peopleOf({ deskFile }: Pick<Runtime, 'deskFile'>) {
  try {
    return loadDesk(deskFile).desk.people;
  } catch {
    return [];
  }
}
