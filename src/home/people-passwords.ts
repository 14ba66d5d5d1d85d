/**
 * Passwords of everyone but the built-in operator: one file of scrypt hashes, so that signing in needs no
 * database.
 */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { writeJson } from './json-file.js';
import { changePeople, PeopleFileUnusable, peopleFolder, readPeopleFile } from './people-folder.js';

const FILE = 'passwords.json';
const PEOPLE_MAX = 100;

type Hashes = Readonly<Record<string, string>>;

/**
 * Null: this person has no password here. Throws if the file, or this person's password in it, is damaged:
 * then nothing says that a password is wrong.
 */
export function passwordHashOf(home: string, person: string): string | null {
  const hashes = readHashes(home);
  const hash = Object.hasOwn(hashes, person) ? hashes[person] : undefined;
  if (hash === undefined) return null;
  if (HASH.test(hash)) return hash;
  throw new PeopleFileUnusable(
    fileOf(home),
    `is damaged where it has the password of ${person}, and was left as it is`,
    `Other passwords there still sign in. Give this one anew: fermata person add ${person}`,
  );
}

/** Sets or replaces the password. Throws if there are too many people, or the file is damaged. */
export async function setPassword(home: string, person: string, password: string): Promise<void> {
  const hash = await hashPassword(password);
  changePeople(home, () => {
    const hashes = { ...readHashes(home), [person]: hash };
    if (Object.keys(hashes).length > PEOPLE_MAX)
      throw new Error(`more than ${PEOPLE_MAX} people have passwords`);
    writeJson(fileOf(home), hashes);
  });
}

/** False: there was none. Throws if the file is damaged. */
export function removePassword(home: string, person: string): boolean {
  return changePeople(home, () => {
    const { [person]: removed, ...rest } = readHashes(home);
    if (removed === undefined) return false;
    writeJson(fileOf(home), rest);
    return true;
  });
}

function fileOf(home: string): string {
  return join(peopleFolder(home), FILE);
}

const readHashes = (home: string): Hashes =>
  readPeopleFile(
    fileOf(home),
    'No password there signs anybody in, and operator still has its own. Put an intact copy in its place, or remove it and give each person a password anew: fermata person add NAME',
  );

/** About 50 ms and 32 MiB per guess. */
const COST = 2 ** 15;
const BLOCK_SIZE = 8;
const PARALLEL = 1;
const HASH_BYTES = 32;
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;
/** Longer input is refused before it is hashed. */
export const PASSWORD_CHARS_MAX = 1024;

/** Passwords are stored as scrypt hashes: `scrypt$N$r$p$salt$hash`, salt and hash in base64url. */
const HASH = /^scrypt(\$\d+){3}\$[\w-]{22}\$[\w-]{43}$/;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, { N: COST, r: BLOCK_SIZE, p: PARALLEL });
  return ['scrypt', COST, BLOCK_SIZE, PARALLEL, salt.toString('base64url'), hash.toString('base64url')].join(
    '$',
  );
}

/** False also for a hash that is not in the format above. */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, cost, blockSize, parallel, salt, hash] = stored.split('$');
  if (scheme !== 'scrypt' || !salt || !hash || password.length > PASSWORD_CHARS_MAX) return false;
  const expected = Buffer.from(hash, 'base64url');
  if (expected.length !== HASH_BYTES) return false;
  const options = { N: Number(cost), r: Number(blockSize), p: Number(parallel) };
  const found = await derive(password, Buffer.from(salt, 'base64url'), options);
  return timingSafeEqual(found, expected);
}

function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, { ...options, maxmem: MEMORY_BYTES_MAX }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
