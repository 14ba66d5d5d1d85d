/**
 * The key with which a person signs decisions about real money: enrolled only here, after the sign-in
 * password.
 */
import { rolesOf } from '../domain/people-roles.js';
import { newPersonKey } from '../domain/signed-vote.js';
import { passkeyCode, type VotePasskey } from '../domain/vote-passkey.js';
import { isWholeCode, typedCode } from '../domain/vote-statement.js';
import { endPasskey, endSignIns, isEndedPasskey } from '../home/people-folder.js';
import { verifyPassword } from '../home/people-passwords.js';
import { enrolPersonKey, removePersonKeys, votePasskeysOf } from '../home/person-keys.js';
import type { Runtime } from '../home/runtime.js';
import { signInPasswordHash } from '../home/sign-in-standing.js';
import { passkeyMaker } from '../store/access-rows.js';
import type { Pool } from '../store/pool.js';
import { type Passkey, PasskeyTable } from '../store/sign-in-means.js';
import { loadDesk } from '../venue/load-desk.js';
import { recordedPerson } from './desk-person.js';
import { CliFailure, usageFailure } from './failure.js';
import { withDatabase } from './named-desk.js';
import { printJson, printLines } from './output.js';
import { readPassword } from './read-password.js';

export const PASSWORD_CHARS_MIN = 12;
/** For the code of a passkey to remove. */
const CODE_DIGITS_MIN = 8;

export interface KeyOptions {
  readonly passwordFile?: string;
  readonly signingPasswordFile?: string;
  readonly passkey?: string;
  readonly remove?: boolean;
  readonly json?: boolean;
}

/**
 * Enrols or removes a key. Rejects with `CliFailure` if the sign-in password is wrong or nothing could be
 * enrolled.
 */
export async function personKey(runtime: Runtime, name: string, options: KeyOptions): Promise<void> {
  const { home, deskFile } = runtime;
  const roles = rolesOf(loadDesk(deskFile).desk.people, name);
  const password = await readPassword({
    prompt: `Sign-in password of ${name}: `,
    file: options.passwordFile,
  });
  const known = signInPasswordHash(home, name);
  if (roles.length === 0 || known === null || !(await verifyPassword(password, known)))
    throw new CliFailure(
      `no key of ${name} was changed: name or sign-in password is wrong`,
      'who had a key keeps it',
      `a sign-in password comes from: fermata person add ${name}`,
    );
  if (options.remove === true) {
    takeAway(home, name, options);
    return;
  }
  const enrolled =
    options.passkey === undefined
      ? await newPersonKey(await newSigningPassword(name, known, options), Date.now())
      : await passkeyWithCode(runtime, name, options.passkey, Date.now());
  enrolPersonKey(home, name, enrolled);
  const { keyId, enrolledMs } = enrolled;
  if (options.json === true) printJson({ name, keyId, enrolledMs, changed: true });
  else if (enrolled.kind === 'passkey')
    printLines([
      `✓ ${name} signs decisions about real money with the passkey “${enrolled.name}” too, on the page at ${enrolled.rpId}.`,
      `  After a lost device: fermata person passkeys ${name} --remove ${enrolled.credentialId.slice(0, 12)}`,
    ]);
  else
    printLines([
      `✓ ${name} signs decisions about real money with the key ${keyId}.`,
      '  The signing password is kept nowhere. Who loses it enrols a new key in this way.',
    ]);
}

function takeAway(home: string, name: string, { passkey, json }: KeyOptions): void {
  const code = passkey === undefined ? '' : typedCode(passkey);
  if (code === null || (passkey !== undefined && code.length < CODE_DIGITS_MIN))
    throw usageFailure(
      `${passkey} is no code of a passkey`,
      `give its first ${CODE_DIGITS_MIN} digits or more, as fermata person list shows them`,
    );
  const removed = removePersonKeys(
    home,
    name,
    (key) => passkey === undefined || (key.kind === 'passkey' && key.keyId.startsWith(code)),
  );
  const changed = removed.length > 0;
  if (json === true) printJson({ name, keyId: null, enrolledMs: null, changed });
  else if (passkey === undefined)
    printLines([changed ? `✓ ${name} has no key any more` : `${name} had no key`]);
  else
    printLines([
      changed ? `✓ the passkey signs no vote of ${name} any more` : `${name} had no such passkey for votes`,
    ]);
}

/** Asked for twice if it is typed: nobody could ever read it back. */
async function newSigningPassword(
  name: string,
  signInHash: string,
  { signingPasswordFile: file }: KeyOptions,
): Promise<string> {
  const ask = (prompt: string) => readPassword({ prompt, file, option: '--signing-password-file' });
  const password = await ask(`New signing password of ${name}: `);
  if (password.length < PASSWORD_CHARS_MIN)
    throw usageFailure(
      `the signing password has ${password.length} characters`,
      `take ${PASSWORD_CHARS_MIN} or more`,
    );
  // The web role receives the sign-in password at each sign-in: if both were the same, it could sign for the
  // person.
  if (await verifyPassword(password, signInHash))
    throw usageFailure('the signing password is the sign-in password', 'take another one');
  if (file === undefined && (await ask('The same again: ')) !== password)
    throw usageFailure('the two were not the same', 'give the command again');
  return password;
}

/** A shorter beginning of an id counts as a mistake. */
const ID_CHARS_MIN = 6;

/**
 * The passkey to enrol for votes: the person's passkey with the code that the page showed when the device
 * made it. The code covers the public key itself, so that no other passkey can replace it in Postgres.
 * Rejects with `CliFailure` if no passkey has this code, or the database is down.
 */
export async function passkeyWithCode(
  runtime: Runtime,
  person: string,
  typed: string,
  enrolledMs: number,
): Promise<VotePasskey> {
  const code = typedCode(typed);
  const found = (await rowsOf(runtime, person)).map(
    ({ id: credentialId, name, rpId, algorithm, publicKey }) => {
      const identity = { credentialId, rpId, algorithm, publicKey };
      return { kind: 'passkey', keyId: passkeyCode(identity), name, ...identity, enrolledMs } as const;
    },
  );
  const passkey = found.find(({ keyId }) => keyId === code);
  if (passkey === undefined)
    throw new CliFailure(
      code !== null && isWholeCode(code)
        ? `no passkey of ${person} has this code`
        : 'this is no whole code: it has 32 digits, 0 to 9 and a to f',
      'no passkey was enrolled',
      'type the code as the page showed it when the passkey was added; a lost one: remove the passkey, and add it again',
    );
  return passkey;
}

export interface KnownPasskey extends Pick<Passkey, 'id' | 'name' | 'rpId' | 'createdMs' | 'usedMs'> {
  /** False: it was removed on the page, which does not remove its votes. */
  readonly signsIn: boolean;
  readonly votes: boolean;
}

/**
 * Those that sign in, oldest first, then those that only vote. Rejects with `CliFailure` if the database is
 * down.
 */
export async function passkeysOf(runtime: Runtime, person: string): Promise<readonly KnownPasskey[]> {
  const voting = votePasskeysOf(runtime.home, person);
  return knownPasskeys(await rowsOf(runtime, person), voting);
}

function knownPasskeys(rows: readonly Passkey[], voting: readonly VotePasskey[]): readonly KnownPasskey[] {
  const alone = voting.filter(({ credentialId }) => rows.every(({ id }) => id !== credentialId));
  return [
    ...rows.map(({ id, name, rpId, createdMs, usedMs }) => ({
      ...{ id, name, rpId, createdMs, usedMs, signsIn: true },
      votes: voting.some(({ credentialId }) => credentialId === id),
    })),
    ...alone.map(({ credentialId: id, name, rpId, enrolledMs }) => ({
      ...{ id, name, rpId, createdMs: enrolledMs, usedMs: null, signsIn: false, votes: true },
    })),
  ];
}

/**
 * The passkey is ended outside Postgres first, so that neither a row that is put back nor a restored backup
 * revives it. Rejects with `CliFailure` unless exactly one id begins with `begins`, or if the database is
 * down: if it fails only after the passkey has ended, the same again takes the row away.
 */
export async function removePasskey(runtime: Runtime, person: string, begins: string): Promise<KnownPasskey> {
  const { home } = runtime;
  const voting = votePasskeysOf(home, person);
  // An earlier removal may have ended it, and not have reached its row.
  const isEnded = () => false;
  const passkey = onlyOne(knownPasskeys(await rowsOf(runtime, person, isEnded), voting), person, begins);
  const by = { person: recordedPerson(runtime), via: 'cli' } as const;
  endPasskey(home, passkey.id);
  removePersonKeys(home, person, (key) => key.kind === 'passkey' && key.credentialId === passkey.id);
  endSignIns(home, person);
  if (passkey.signsIn) {
    await withDatabase(
      runtime,
      'passkeys',
      (pool) => tableIn(pool, runtime, isEnded).remove(passkey.id, person, by),
      (why) =>
        new CliFailure(
          `the passkey “${passkey.name}” of ${person} may still be in the database, which does not answer (${why})`,
          `it signs nobody in and votes no more, and ${person} is signed out everywhere`,
          'fermata status shows what is down; run this again when the database is back',
        ),
    );
  }
  return passkey;
}

function onlyOne(all: readonly KnownPasskey[], person: string, begins: string): KnownPasskey {
  const found = begins.length < ID_CHARS_MIN ? [] : all.filter(({ id }) => id.startsWith(begins));
  const [passkey] = found;
  if (passkey !== undefined && found.length === 1) return passkey;
  throw new CliFailure(
    `${found.length === 0 ? 'no' : 'more than one'} passkey of ${person} has an id that begins with ${begins}`,
    'nothing was removed',
    `fermata person passkeys ${person} lists them; give ${ID_CHARS_MIN} or more characters of the id`,
  );
}

type IsEnded = (id: string) => boolean;

/** `isEnded`: which of them count as absent. */
function rowsOf(
  runtime: Runtime,
  person: string,
  isEnded: IsEnded = (id) => isEndedPasskey(runtime.home, id),
): Promise<readonly Passkey[]> {
  return withDatabase(
    runtime,
    'passkeys',
    (pool) => tableIn(pool, runtime, isEnded).of(person),
    (why) =>
      new CliFailure(
        `the passkeys can't be read: the database does not answer (${why})`,
        'whoever is signed in stays so; passkeys sign nobody in while the database is down',
        'fermata status shows what is down; fermata person remove NAME ends everything of a person without it',
      ),
  );
}

/** The web role reports a forged row when somebody tries to use it. */
const tableIn = (pool: Pool, { home, desk }: Runtime, isEnded: IsEnded): PasskeyTable =>
  new PasskeyTable(pool, desk, passkeyMaker(home), isEnded, () => undefined);
