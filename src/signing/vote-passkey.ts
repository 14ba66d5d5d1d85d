/**
 * What ties a passkey to votes, as texts that are the same on the command line, in the browser, in the activity and in the
 * trader. No cryptography here: the page has other means for it than Node.
 */

/** What a passkey is, as far as a vote depends on it. All as base64url without padding. */
export interface PasskeyIdentity {
  readonly credentialId: string;
  /** The name of the host that it works on. */
  readonly rpId: string;
  /** COSE. */
  readonly algorithm: number;
  /** DER of a SubjectPublicKeyInfo. */
  readonly publicKey: string;
}

/** What a passkey answers when it is used: all as base64url without padding, as the browser's credential has them. */
export interface Assertion {
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

/** 128 bits: nobody finds another key with the same ones. */
const CODE_DIGITS = 32;
const BASE64URL = /^[\w-]+$/;

/** Its SHA-256 in hex begins with the passkey's code. */
export const identityText = ({ credentialId, rpId, algorithm, publicKey }: PasskeyIdentity): string =>
  JSON.stringify(['fermata vote passkey 1', credentialId, rpId, algorithm, publicKey]);

/** `digest`: SHA-256 of `identityText`, hex. */
export const codeOfDigest = (digest: string): string => digest.slice(0, CODE_DIGITS);

/** As people read and type it: eight groups of four digits. */
export const groupedCode = (code: string): string => (code.match(/.{1,4}/g) ?? []).join('-');

/** Null where what was typed is no beginning of a code. */
export function typedCode(typed: string): string | null {
  const digits = typed.toLowerCase().replaceAll(/[\s-]/g, '');
  return /^[0-9a-f]{1,32}$/.test(digits) ? digits : null;
}

export const isWholeCode = (code: string): boolean => code.length === CODE_DIGITS;

/** In the place of a vote's signature. */
export const assertionText = ({ authenticatorData, clientDataJSON, signature }: Assertion): string =>
  [authenticatorData, clientDataJSON, signature].join('.');

/** Null for anything else. */
export function readAssertion(text: string): Assertion | null {
  const parts = text.split('.');
  const [authenticatorData, clientDataJSON, signature] = parts;
  if (parts.length !== 3 || !parts.every((part) => BASE64URL.test(part))) return null;
  if (authenticatorData === undefined || clientDataJSON === undefined || signature === undefined) return null;
  return { authenticatorData, clientDataJSON, signature };
}
