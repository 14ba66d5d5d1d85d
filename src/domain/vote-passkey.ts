/** Votes about real money that are signed with a passkey: the challenge is the hash of the vote's text. */
import { createHash } from 'node:crypto';
import { challengeIn, checkAssertion, counterIn, type RelyingParty, relyingPartyOf } from './passkey.js';
import {
  codeOfDigest,
  identityText,
  type PasskeyIdentity,
  readAssertion,
  readSignature,
} from './vote-statement.js';

/** A passkey that its owner has enrolled for votes. */
export interface VotePasskey extends PasskeyIdentity {
  readonly kind: 'passkey';
  /** The code under which its owner enrolled it: 32 hex digits. */
  readonly keyId: string;
  /** Its owner's name for it. */
  readonly name: string;
  readonly enrolledMs: number;
}

/** One use of a passkey for a vote, with the authenticator's counter. */
export interface PasskeyUse {
  readonly keyId: string;
  readonly challenge: string;
  /** 0 if the authenticator does not count. */
  readonly counter: number;
}

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8');

export const voteChallenge = (text: string): string => sha256(text).digest('base64url');

export const passkeyCode = (passkey: PasskeyIdentity): string =>
  codeOfDigest(sha256(identityText(passkey)).digest('hex'));

/**
 * The desk's pages that have a host name, since no passkey belongs to a numeric address. `port`: port of the page on
 * this machine.
 */
export function namedPages(port: number, publicUrl?: string): readonly RelyingParty[] {
  const addresses = [`http://localhost:${port}`, ...(publicUrl === undefined ? [] : [publicUrl])];
  return addresses.flatMap((address) => relyingPartyOf(new URL(address).origin) ?? []);
}

/** Null: this passkey signed exactly this text on a page of the desk. Otherwise why not. `value`: `assertionText`. */
export function passkeyObjection(
  passkey: VotePasskey,
  pages: readonly RelyingParty[],
  text: string,
  value: string,
): string | null {
  const assertion = readAssertion(value);
  if (assertion === null) return 'what its passkey answered can’t be read';
  const challenge = voteChallenge(text);
  const checked = pages
    .filter(({ rpId }) => rpId === passkey.rpId)
    .map((page) => checkAssertion(assertion, passkey, page, challenge));
  if (checked.some(({ ok }) => ok)) return null;
  const [first] = checked;
  return first === undefined || first.ok
    ? `its passkey belongs to ${passkey.rpId}, where this desk has no page`
    : `its passkey did not sign this vote: ${first.why}`;
}

/** Null if it is not a passkey's signature. Verifies nothing. */
export function passkeyUse(signature: string): PasskeyUse | null {
  const read = readSignature(signature);
  const answer = read === null ? null : readAssertion(read.value);
  if (read === null || answer === null) return null;
  const challenge = challengeIn(answer.clientDataJSON);
  const counter = counterIn(answer.authenticatorData);
  return challenge === null || counter === null ? null : { keyId: read.keyId, challenge, counter };
}
