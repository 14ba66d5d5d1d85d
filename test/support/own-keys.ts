/** Keys of people in tests, made without the price of a password. */
import { createHash } from 'node:crypto';
import { publicHalf, type SigningKey, signingKeyOf } from '../../src/domain/signed-vote.js';
import { enrolPersonKey } from '../../src/home/person-keys.js';

const NO_SALT = Buffer.alloc(16).toString('base64url');

export function ownKeyOf(person: string): SigningKey {
  return signingKeyOf(createHash('sha256').update(`key of ${person}`).digest());
}

export function enrol(home: string, ...people: readonly string[]): void {
  for (const person of people) enrolPersonKey(home, person, publicHalf(ownKeyOf(person), NO_SALT, 0));
}
