/** A vote about real money, signed in this tab or by a passkey: no key and no password is sent to the server. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { assertionText, KEY_COST, signatureText, statementText } from '../../../src/domain/vote-statement.js';
import type { Signing } from '../api/shapes.js';
import { typed } from '../typed.js';
import { bytesOf, passkeysHere, textOf, usePasskey } from './passkeys.js';
import { Problem } from './problem.js';

/** What a person signs with: a passkey, or the key that is made from a password. */
export type SignWith = 'passkey' | { readonly password: string };

type Signed = Pick<Parameters<typeof signatureText>[0], 'keyId' | 'value'>;

/** Passkeys that are enrolled for votes under this page's host name: no other page can use them. */
export const passkeysToSign = ({ passkeys }: Pick<Signing, 'passkeys'>): Signing['passkeys'] =>
  passkeysHere() === 'yes' ? passkeys.filter(({ rpId }) => rpId === location.hostname) : [];

/** Rejects with what to do if there is no key, the password is wrong, or no passkey was used. */
export async function signVote(signing: Signing, person: string, signWith: SignWith): Promise<string> {
  const { statement } = signing;
  if (statement === null) throw notSigned('This decision takes no signature.', 'Try again without it.');
  const { account, configHash, expiresWallMs } = statement;
  const nonce = bytesToHex(randomBytes(16));
  const text = utf8ToBytes(statementText({ ...statement, person, nonce }));
  const { keyId, value } =
    signWith === 'passkey'
      ? await byPasskey(signing, text)
      : await byPassword(signing, person, signWith.password, text);
  return signatureText({ keyId, account, configHash, expiresWallMs, nonce, value });
}

async function byPassword(
  { key }: Signing,
  person: string,
  password: string,
  text: Uint8Array,
): Promise<Signed> {
  if (key === null)
    throw notSigned(
      'You have enrolled no key to sign with.',
      `On the command line: ${typed(`person key ${person}`)}`,
    );
  const seed = await scryptAsync(utf8ToBytes(password.normalize('NFKC')), bytesOf(key.salt), { ...KEY_COST });
  if (textOf(ed25519.getPublicKey(seed)) !== key.publicKey)
    throw notSigned(
      'The signing password is wrong.',
      `Try again; a lost one is replaced by: ${typed('person key NAME')}`,
    );
  const value = textOf(ed25519.sign(text, seed));
  seed.fill(0);
  return { keyId: key.keyId, value };
}

async function byPasskey(signing: Signing, text: Uint8Array): Promise<Signed> {
  const passkeys = passkeysToSign(signing);
  const asked = { challenge: textOf(sha256(text)), rpId: location.hostname };
  const answer = await usePasskey(
    asked,
    passkeys.map(({ credentialId }) => credentialId),
  );
  const used = passkeys.find(({ credentialId }) => credentialId === answer.id);
  if (used === undefined)
    throw notSigned('This passkey is not enrolled for votes.', 'Use one that is, or the signing password.');
  return { keyId: used.keyId, value: assertionText(answer) };
}

const notSigned = (detail: string, doThis: string): Problem =>
  new Problem(0, 'Not signed', detail, 'Nothing was decided.', doThis);
