/** Passkeys through the browser's own API: the private key never leaves the device. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { codeOfDigest, groupedCode, identityText } from '../../../src/domain/vote-statement.js';
import type { PasskeyAnswer, PasskeyAsked, PasskeyMade, PasskeyToMake } from '../api/shapes.js';
import { Problem } from './problem.js';

const WAIT_MS = 120_000;

/** `number`: the page was opened by an IP address, and browsers bind passkeys to names only. */
export function passkeysHere(): 'yes' | 'number' | 'no' {
  if (/^[\d.]+$|^\[/.test(location.hostname)) return 'number';
  return typeof PublicKeyCredential === 'function' ? 'yes' : 'no';
}

/**
 * Has the device sign with one of its passkeys for this host. `ids`: only with one of these; empty: with any. Throws a
 * Problem if it does not.
 */
export async function usePasskey(
  { challenge, rpId }: PasskeyAsked,
  ids: readonly string[] = [],
): Promise<PasskeyAnswer> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: bytesOf(challenge),
    rpId,
    allowCredentials: credentials(ids),
    userVerification: 'required',
    timeout: WAIT_MS,
  };
  const used = await orProblem(navigator.credentials.get({ publicKey }));
  const said = used.response as AuthenticatorAssertionResponse;
  return {
    id: used.id,
    clientDataJSON: text(said.clientDataJSON),
    authenticatorData: text(said.authenticatorData),
    signature: text(said.signature),
  };
}

/** Has the device make a passkey. Throws a Problem if it does not. */
export async function makePasskey(
  { challenge, rpId, user, algorithms, registered }: PasskeyToMake,
  name: string,
): Promise<PasskeyMade> {
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: bytesOf(challenge),
    rp: { id: rpId, name: 'Fermata' },
    user: { id: bytesOf(user.id), name: user.name, displayName: user.name },
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: credentials(registered),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    timeout: WAIT_MS,
  };
  const made = await orProblem(navigator.credentials.create({ publicKey }));
  const said = made.response as AuthenticatorAttestationResponse;
  return {
    name,
    id: made.id,
    clientDataJSON: text(said.clientDataJSON),
    authenticatorData: text(said.getAuthenticatorData()),
    publicKey: text(said.getPublicKey() ?? new ArrayBuffer(0)),
    algorithm: said.getPublicKeyAlgorithm() as PasskeyMade['algorithm'],
  };
}

/** The code that the command line asks for to enrol the passkey for votes, derived from what the device returned. */
export function codeOf({ id, publicKey, algorithm }: PasskeyMade, rpId: string): string {
  const identity = identityText({ credentialId: id, rpId, algorithm, publicKey });
  return groupedCode(codeOfDigest(bytesToHex(sha256(utf8ToBytes(identity)))));
}

const credentials = (ids: readonly string[]): PublicKeyCredentialDescriptor[] =>
  ids.map((id) => ({ type: 'public-key', id: bytesOf(id) }));

const text = (bytes: ArrayBuffer): string => textOf(new Uint8Array(bytes));

async function orProblem(asked: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const given = await asked;
    if (given !== null) return given as PublicKeyCredential;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'InvalidStateError')
      throw notUsed('This device has a passkey for this desk already.', 'Use that one, or remove it first.');
  }
  // Browsers do not tell why: whether somebody has a passkey is private.
  throw notUsed(
    'No passkey was used: it was cancelled, took too long, or this device has none.',
    'Try again.',
  );
}

const notUsed = (detail: string, doThis: string): Problem =>
  new Problem(0, 'No passkey', detail, 'Nothing was changed.', doThis);

/** base64url without padding, as Node writes it. */
export function textOf(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (sign) => sign.charCodeAt(0));
}
