/** The key with which a person signs decisions about real money: enrolled only here, after the sign-in password. */
import { rolesOf } from '../domain/roles.js';
import { newPersonKey } from '../domain/signed-vote.js';
import { verifyPassword } from '../home/password.js';
import { enrolPersonKey, removePersonKeys } from '../home/person-keys.js';
import type { Runtime } from '../home/runtime.js';
import { signInPasswordHash } from '../home/sign-in-standing.js';
import { typedCode } from '../signing/vote-passkey.js';
import { loadDesk } from '../venue/load-desk.js';
import { CliFailure, usageFailure } from './failure.js';
import { printJson, printLines } from './output.js';
import { passkeyWithCode } from './person-passkeys.js';
import { readPassword } from './read-password.js';

export const PASSWORD_CHARS_MIN = 12;
/** Of the code of a passkey that is to be removed. */
const CODE_DIGITS_MIN = 8;

export interface KeyOptions {
  readonly passwordFile?: string;
  readonly signingPasswordFile?: string;
  readonly passkey?: string;
  readonly remove?: boolean;
  readonly json?: boolean;
}

/**
 * Enrols or removes a key. Rejects with `CliFailure` if the sign-in password is wrong or nothing could be enrolled.
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
  const password = await readPassword({ prompt: `New signing password of ${name}: `, file });
  if (password.length < PASSWORD_CHARS_MIN)
    throw usageFailure(
      `the signing password has ${password.length} characters`,
      `take ${PASSWORD_CHARS_MIN} or more`,
    );
  // The web role receives the sign-in password at each sign-in: with the same one it could sign for the person.
  if (await verifyPassword(password, signInHash))
    throw usageFailure('the signing password is the sign-in password', 'take another one');
  if (file === undefined && (await readPassword({ prompt: 'The same again: ', file })) !== password)
    throw usageFailure('the two were not the same', 'give the command again');
  return password;
}
