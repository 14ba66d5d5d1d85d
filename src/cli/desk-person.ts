/**
 * The person that a command acts for. A decision needs a signed-in person; a command that makes the desk
 * safer needs no sign-in. A vote about real money is signed here with the person's own key, which never
 * leaves this process.
 */
import { BUILT_IN_OPERATOR, hasRole, namesWith, type RolesNeeded, rolesOf } from '../domain/people-roles.js';
import { deriveSigningKey, signStatement } from '../domain/signed-vote.js';
import { namedOnCli, signedInOnCli } from '../home/cli-session.js';
import { passwordKeyOf } from '../home/person-keys.js';
import type { Runtime } from '../home/runtime.js';
import { standingOf } from '../home/sign-in-standing.js';
import type { Operations } from '../operations/operations.js';
import type { ToDecide } from '../operations/sign-as.js';
import { loadDesk } from '../venue/load-desk.js';
import { CliFailure, usageFailure } from './failure.js';
import { readPassword } from './read-password.js';

/**
 * Throws `CliFailure`, exit code 1, if nobody or somebody else is signed in, or if the desk file does not
 * give the person such a role.
 */
export function signedInPerson(
  { home, deskFile }: Pick<Runtime, 'home' | 'deskFile'>,
  needed: RolesNeeded,
  named: string | undefined,
): string {
  const { people } = loadDesk(deskFile).desk;
  if (named !== undefined) requireNamed(people, named);
  const signIn = signedInOnCli(home, (name) => standingOf(home, name), Date.now());
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

/** Nobody else can sign in here: `fermata login NAME` would only call the password wrong. */
export function requireNamed(people: Parameters<typeof rolesOf>[0], person: string): void {
  if (rolesOf(people, person).length > 0) return;
  const names = [...new Set([...people.map(({ name }) => name), BUILT_IN_OPERATOR])].join(', ');
  throw usageFailure(`the desk file has no person ${person}`, `use one of: ${names}`);
}

/**
 * For the record of commands that need no sign-in: the signed-in person, whatever the roles, since no act may
 * be attributed to somebody else; otherwise the first person who has the role. Never throws, so that nothing
 * safe fails because of it.
 */
export function deskPerson(runtime: Pick<Runtime, 'home' | 'deskFile'>, needed: RolesNeeded): string {
  return namedOnCli(runtime.home, Date.now()) ?? namesWith(peopleOf(runtime), needed)[0] ?? BUILT_IN_OPERATOR;
}

/** For the record of what anybody here may do, whatever their role: who is signed in, otherwise the built-in operator. */
export const recordedPerson = ({ home }: Pick<Runtime, 'home'>): string =>
  namedOnCli(home, Date.now()) ?? BUILT_IN_OPERATOR;

/** For commands that need no sign-in, unless a name is given: then that person must be signed in. */
export function actingPerson(
  runtime: Pick<Runtime, 'home' | 'deskFile'>,
  needed: RolesNeeded,
  named: string | undefined,
): string {
  return named === undefined ? deskPerson(runtime, needed) : signedInPerson(runtime, needed, named);
}

/** Several people sign in here: a shell of the earlier one would otherwise decide as the later one. */
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

/** For commander. */
export const SIGNING_OPTION = [
  '--signing-password-file <file>',
  'with real money: its first line is the signing password; left out: asked for. A passkey signs on the page',
] as const;

/** Empty if the vote needs no signature; otherwise asks for the signing password. */
export async function signedVote(
  { home }: Pick<Runtime, 'home'>,
  operations: Pick<Operations, 'statementToSign'>,
  person: string,
  decided: ToDecide,
  file: string | undefined,
): Promise<{ readonly signature?: string }> {
  const statement = await operations.statementToSign(decided);
  if (statement === null) return {};
  const enrolled = passwordKeyOf(home, person);
  if (enrolled === null) {
    throw new CliFailure(
      `this is about real money, and ${person} has enrolled no key to sign with on the command line`,
      'nothing was decided',
      `fermata person key ${person}; or decide it on the page, where a passkey signs: fermata link`,
    );
  }
  const password = await readPassword({
    prompt: `Signing password of ${person}: `,
    file,
    option: '--signing-password-file',
  });
  const key = await deriveSigningKey(password, enrolled.salt);
  if (key.publicKey !== enrolled.publicKey)
    throw new CliFailure(
      'the signing password is wrong',
      'nothing was decided',
      'try again; a lost one: fermata person key',
    );
  return { signature: signStatement(key, statement, person) };
}
