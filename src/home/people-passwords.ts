/**
 * Passwords of people other than the built-in operator: one file of scrypt hashes, so that signing in needs no
 * database.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from './password.js';
import { peopleFolder } from './people-folder.js';

const FILE = 'passwords.json';
const PEOPLE_MAX = 100;

type Hashes = Readonly<Record<string, string>>;

/** Null if this person has no password here. With a damaged file nobody can sign in. */
export function passwordHashOf(home: string, person: string): string | null {
  const hashes = readHashes(home);
  return Object.hasOwn(hashes, person) ? (hashes[person] ?? null) : null;
}

/** Sets or replaces the password. Throws if there are too many people. */
export async function setPassword(home: string, person: string, password: string): Promise<void> {
  const hash = await hashPassword(password);
  const hashes = { ...readHashes(home), [person]: hash };
  if (Object.keys(hashes).length > PEOPLE_MAX)
    throw new Error(`more than ${PEOPLE_MAX} people have passwords`);
  writeHashes(home, hashes);
}

/** False if there was none. */
export function removePassword(home: string, person: string): boolean {
  const { [person]: removed, ...rest } = readHashes(home);
  if (removed === undefined) return false;
  writeHashes(home, rest);
  return true;
}

function fileOf(home: string): string {
  return join(peopleFolder(home), FILE);
}

function readHashes(home: string): Hashes {
  try {
    return JSON.parse(readFileSync(fileOf(home), 'utf8')) as Hashes;
  } catch {
    return {};
  }
}

function writeHashes(home: string, hashes: Hashes): void {
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  const next = `${fileOf(home)}.new`;
  writeFileSync(next, `${JSON.stringify(hashes, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, fileOf(home));
}
