/**
 * What a sign-in rests on: the password, the roles, and that nobody has ended it. One rule for page, API and
 * command line.
 */
import { createHash } from 'node:crypto';
import { BUILT_IN_OPERATOR, type RolesNeeded } from '../domain/roles.js';
import { signInMark } from './people-folder.js';
import { passwordHashOf } from './people-passwords.js';
import { readSecret } from './secrets.js';

/** scrypt hash. Null: this person has no password here. Throws if no desk was ever started in `home`. */
export function signInPasswordHash(home: string, person: string): string | null {
  return person === BUILT_IN_OPERATOR
    ? readSecret(home, 'operatorPasswordHash')
    : passwordHashOf(home, person);
}

/** Changes whenever password or roles change, or the sign-in is ended. Null for a person without roles. */
export function standingOf(home: string, person: string, roles: RolesNeeded): string | null {
  if (roles.length === 0) return null;
  const standing = JSON.stringify([roles, signInPasswordHash(home, person), signInMark(home, person)]);
  return createHash('sha256').update(standing).digest('hex');
}
