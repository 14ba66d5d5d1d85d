/**
 * What a sign-in rests on: the password, and that nobody has ended it. One rule for page, API and command line. What
 * the person may do at a desk is read from its desk file at each use: desks that share their people differ in it.
 * And whether a further desk shares the people of the installation.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUILT_IN_OPERATOR } from '../domain/people-roles.js';
import { peopleFolder, signInMark, takeOverEnds } from './people-folder.js';
import { passwordHashOf } from './people-passwords.js';
import { personKeysOf } from './person-keys.js';
import { homePaths, installationOf, rootOf, SECRET_FILES, SHARES_PEOPLE, secretFile } from './runtime.js';
import { readSecret } from './secrets.js';

/** scrypt hash. Null: this person has no password here. Throws if no desk was ever started in `home`. */
export function signInPasswordHash(home: string, person: string): string | null {
  return person === BUILT_IN_OPERATOR
    ? readSecret(home, 'operatorPasswordHash')
    : passwordHashOf(home, person);
}

/** Changes whenever the password changes, or the sign-in is ended. */
export function standingOf(home: string, person: string): string {
  const standing = JSON.stringify([signInPasswordHash(home, person), signInMark(home, person)]);
  return createHash('sha256').update(standing).digest('hex');
}

/**
 * At a desk's first start: a further desk shares the people of the installation, unless it has people of its own, as
 * each had before they were shared.
 */
export function joinPeople(home: string): void {
  const root = rootOf(home);
  const isKnown = ['people', join('secrets', SECRET_FILES.operatorPasswordHash)].some((name) =>
    existsSync(join(root, name)),
  );
  if (installationOf(root) === root || isKnown) return;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  writeFileSync(join(root, SHARES_PEOPLE), '', { mode: 0o600 });
}

/**
 * For a desk that has ended: the installation's people count from now on. Its own are set aside, except for what was
 * ended at it, which stays so.
 */
export function sharePeople(home: string): void {
  const root = rootOf(home);
  const [own, aside] = [join(root, 'people'), join(root, 'people-before-sharing')];
  forgetSignIns(root);
  if (existsSync(own)) {
    takeOverEnds(root, installationOf(root));
    rmSync(aside, { recursive: true, force: true });
    renameSync(own, aside);
  }
  writeFileSync(join(root, SHARES_PEOPLE), '', { mode: 0o600 });
}

/**
 * What of these people would be missing if the desk shared those of the installation, with the command that gives it: a
 * password, or a key to sign with where one has it at the desk.
 */
export function lackedThere(home: string, people: readonly { readonly name: string }[]): readonly string[] {
  const there = installationOf(home);
  return people.flatMap(({ name }) => [
    ...(signInPasswordHash(there, name) === null
      ? [`${name} has no password among the installation’s people: fermata person add ${name}`]
      : []),
    ...(personKeysOf(home, name).length > 0 && personKeysOf(there, name).length === 0
      ? [`${name} has no signing key among the installation’s people: fermata person key ${name}`]
      : []),
  ]);
}

/**
 * For a desk that has ended: it has people of its own from now on. They begin as a copy of the installation's, since
 * those set aside may have been removed meanwhile.
 */
export function endSharingPeople(home: string): void {
  const root = rootOf(home);
  const { secrets } = homePaths(root);
  const [own, copy] = [join(root, 'people'), join(root, 'people.new')];
  forgetSignIns(root);
  for (const folder of [own, copy]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  cpSync(peopleFolder(home), copy, { recursive: true });
  renameSync(copy, own);
  for (const name of ['operatorPasswordHash', 'operatorPasswordGiven', 'operatorPassword'] as const) {
    const to = join(secrets, SECRET_FILES[name]);
    rmSync(to, { force: true });
    if (existsSync(secretFile(home, name))) copyFileSync(secretFile(home, name), to);
  }
  rmSync(join(root, SHARES_PEOPLE));
}

/** Those of before, which would count again. */
function forgetSignIns(root: string): void {
  for (const file of ['session.json', join('web', 'sessions.json')])
    rmSync(join(root, file), { force: true });
}
