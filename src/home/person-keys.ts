/** The public halves of people's keys, enrolled on the command line; read by whoever checks a vote about real money. */
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { PersonKey, RealMoneyRules } from '../domain/signed-vote.js';
import { peopleFolder } from './people-folder.js';
import { readSecret } from './secrets.js';

const FILE = 'keys.json';
const BYTES_MAX = 256 * 1024;
const PEOPLE_MAX = 100;

const keySchema = z.strictObject({
  kind: z.literal('ed25519-scrypt'),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  salt: z.string().regex(/^[\w-]{22}$/),
  publicKey: z.string().regex(/^[\w-]{43}$/),
  enrolledMs: z.number().int(),
});
const fileSchema = z.record(z.string().max(64), keySchema);

/** Null where this person has none. Throws where the file is damaged, or others than its owner can read or change it. */
export function personKeyOf(home: string, person: string): PersonKey | null {
  const keys = read(home);
  return Object.hasOwn(keys, person) ? (keys[person] ?? null) : null;
}

/** Sets or replaces; null takes it away. False where there was nothing to take away. */
export function enrolPersonKey(home: string, person: string, key: PersonKey | null): boolean {
  const { [person]: before, ...rest } = read(home);
  const keys = key === null ? rest : { ...rest, [person]: key };
  if (Object.keys(keys).length > PEOPLE_MAX) throw new Error(`more than ${PEOPLE_MAX} people have keys`);
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  const next = `${fileOf(home)}.new`;
  writeFileSync(next, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, fileOf(home));
  return before !== undefined || key !== null;
}

/** How votes about real money are checked in this installation. */
export function peoplesKeys(home: string): Pick<RealMoneyRules, 'keyOf' | 'chatKey'> {
  return {
    keyOf: (person) => personKeyOf(home, person),
    chatKey: () => readSecret(home, 'telegramVoteKey'),
  };
}

const fileOf = (home: string): string => join(peopleFolder(home), FILE);

function read(home: string): Readonly<Record<string, PersonKey>> {
  const path = fileOf(home);
  let text: string;
  try {
    const { mode, uid, size } = statSync(path);
    if ((mode & 0o077) !== 0 || uid !== (process.getuid?.() ?? uid) || size > BYTES_MAX)
      throw new Error(
        `${path} is open to others than its owner, or too large; no key is believed. Run: chmod 600 ${path}`,
      );
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} is damaged; no key is believed. Enrol anew: fermata person key NAME`);
  }
}
