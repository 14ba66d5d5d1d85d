/**
 * People's public keys, enrolled on the command line and read by the code that checks votes about real money.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { PasswordKey, PersonKey, RealMoneyRules } from '../domain/signed-vote.js';
import { namedPages, type VotePasskey } from '../domain/vote-passkey.js';
import { changePeople, isEndedPasskey, peopleFolder } from './people-folder.js';
import type { Runtime } from './runtime.js';
import { readSecret } from './secrets.js';

const FILE = 'keys.json';
const BYTES_MAX = 256 * 1024;
const PEOPLE_MAX = 100;
const PASSKEYS_MAX = 10;

const base64url = (charsMax: number) =>
  z
    .string()
    .max(charsMax)
    .regex(/^[\w-]+$/);

const keySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ed25519-scrypt'),
    keyId: z.string().regex(/^[0-9a-f]{16}$/),
    salt: z.string().regex(/^[\w-]{22}$/),
    publicKey: z.string().regex(/^[\w-]{43}$/),
    enrolledMs: z.number().int(),
  }),
  z.strictObject({
    kind: z.literal('passkey'),
    keyId: z.string().regex(/^[0-9a-f]{32}$/),
    name: z.string().max(100),
    credentialId: base64url(1400),
    rpId: z.string().min(1).max(253),
    algorithm: z.number().int(),
    publicKey: base64url(1024),
    enrolledMs: z.number().int(),
  }),
]);
/** A single key may stand without a list, as it did before passkeys existed. */
const fileSchema = z.record(z.string().max(64), z.union([keySchema, z.array(keySchema)]));

/**
 * Empty: this person has none. Throws if the file is damaged, or if anyone but its owner can read or change
 * it.
 */
export function personKeysOf(home: string, person: string): readonly PersonKey[] {
  const keys = read(home);
  const own = Object.hasOwn(keys, person) ? (keys[person] ?? []) : [];
  return own.filter((key) => key.kind !== 'passkey' || !isEndedPasskey(home, key.credentialId));
}

/** The key that this person derives from a password. Null: there is none. Throws as `personKeysOf` does. */
export const passwordKeyOf = (home: string, person: string): PasswordKey | null =>
  personKeysOf(home, person).find((key) => key.kind === 'ed25519-scrypt') ?? null;

/** The passkeys with which this person votes. Throws as `personKeysOf` does. */
export const votePasskeysOf = (home: string, person: string): readonly VotePasskey[] =>
  personKeysOf(home, person).filter((key) => key.kind === 'passkey');

/**
 * Replaces the person's password key, or adds a passkey to the others. Throws if there are too many, or if
 * this key would make the file unreadable: then nobody could vote.
 */
export function enrolPersonKey(home: string, person: string, key: PersonKey): void {
  const isReplaced = (before: PersonKey): boolean =>
    key.kind === 'passkey' ? before.keyId === key.keyId : before.kind === key.kind;
  changePeople(home, () => {
    const keys = [...personKeysOf(home, person).filter((before) => !isReplaced(before)), key];
    if (keys.filter(({ kind }) => kind === 'passkey').length > PASSKEYS_MAX)
      throw new Error(`${person} has ${PASSKEYS_MAX} passkeys for votes already; remove one first`);
    write(home, person, keys);
  });
}

/** Removes the keys for which `isMeant` is true: by default, all. Returns the removed keys. */
export function removePersonKeys(
  home: string,
  person: string,
  isMeant: (key: PersonKey) => boolean = () => true,
): readonly PersonKey[] {
  return changePeople(home, () => {
    const keys = personKeysOf(home, person);
    const removed = keys.filter(isMeant);
    const kept = keys.filter((key) => !isMeant(key));
    if (removed.length > 0) write(home, person, kept);
    return removed;
  });
}

/** How votes about real money are checked in this installation. `web`: where the desk's page is. */
export function peoplesKeys(
  home: string,
  web: Runtime['web'],
): Pick<RealMoneyRules, 'keysOf' | 'chatKey' | 'pages'> {
  return {
    keysOf: (person) => personKeysOf(home, person),
    chatKey: () => readSecret(home, 'telegramVoteKey'),
    pages: () => namedPages(web.port, web.publicUrl),
  };
}

function write(home: string, person: string, keys: readonly PersonKey[]): void {
  const { [person]: _before, ...rest } = read(home);
  const all: Readonly<Record<string, readonly PersonKey[]>> =
    keys.length === 0 ? rest : { ...rest, [person]: keys };
  if (Object.keys(all).length > PEOPLE_MAX) throw new Error(`more than ${PEOPLE_MAX} people have keys`);
  const shown = Object.entries(all).map(([name, own]) => [name, own.length === 1 ? own[0] : own]);
  const text = `${JSON.stringify(Object.fromEntries(shown), null, 2)}\n`;
  if (!fileSchema.safeParse(JSON.parse(text)).success || Buffer.byteLength(text) > BYTES_MAX)
    throw new Error(
      `${fileOf(home)} could not be read with this key of ${person}: a name or key that is too long, or too many of them; the keys stay as they were`,
    );
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  const next = `${fileOf(home)}.new`;
  writeFileSync(next, text, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, fileOf(home));
}

const fileOf = (home: string): string => join(peopleFolder(home), FILE);

function read(home: string): Readonly<Record<string, readonly PersonKey[]>> {
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
    const entries = Object.entries(fileSchema.parse(JSON.parse(text)));
    return Object.fromEntries(entries.map(([person, keys]) => [person, [keys].flat()]));
  } catch {
    throw new Error(`${path} is damaged; no key is believed. Enrol anew: fermata person key NAME`);
  }
}
