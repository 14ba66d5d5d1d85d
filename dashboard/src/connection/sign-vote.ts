/** A vote about real money, signed in this tab with the person's own key; neither key nor password leaves it. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { bytesToHex, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { KEY_COST, signatureText, statementText } from '../../../src/signing/vote-statement.js';
import type { Signing } from '../api/shapes.js';
import { typed } from '../typed.js';
import { bytesOf, textOf } from './base64url.js';
import { Problem } from './problem.js';

/** Rejects with what to do where there is no key, or the password is not the one that it was made from. */
export async function signVote(
  { statement, key }: Signing,
  person: string,
  password: string,
): Promise<string> {
  if (statement === null) throw notSigned('This decision takes no signature.', 'Try again without it.');
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
  const nonce = bytesToHex(randomBytes(16));
  const { account, configHash, expiresWallMs } = statement;
  const said = statementText({ ...statement, person, nonce });
  const value = textOf(ed25519.sign(utf8ToBytes(said), seed));
  seed.fill(0);
  return signatureText({ keyId: key.keyId, account, configHash, expiresWallMs, nonce, value });
}

const notSigned = (detail: string, doThis: string): Problem =>
  new Problem(0, 'Not signed', detail, 'Nothing was decided.', doThis);
