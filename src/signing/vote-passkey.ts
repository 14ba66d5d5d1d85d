/**
 * What ties a passkey to votes, as texts that are the same on the command line, in the browser, in the
 * activity and in the trader. No cryptography here: the page and Node use different libraries for it.
 */

/** The parts of a passkey that a vote depends on, all in base64url without padding. */
export interface PasskeyIdentity {
  readonly credentialId: string;
  /** The host name where it works. */
  readonly rpId: string;
  /** The COSE algorithm number. */
  readonly algorithm: number;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: string;
}

/** A passkey's answer when used: all in base64url without padding, as in the browser's credential. */
export interface Assertion {
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
}

/** 128 bits: nobody can find another key with the same code. */
const CODE_DIGITS = 32;
const BASE64URL = /^[\w-]+$/;

/** The passkey's code is the beginning of this text's SHA-256 in hex. */
export const identityText = ({ credentialId, rpId, algorithm, publicKey }: PasskeyIdentity): string =>
  JSON.stringify(['fermata vote passkey 1', credentialId, rpId, algorithm, publicKey]);

/** `digest`: SHA-256 of `identityText`, in hex. */
export const codeOfDigest = (digest: string): string => digest.slice(0, CODE_DIGITS);

/** As people read and type it: eight groups of four digits. */
export const groupedCode = (code: string): string => (code.match(/.{1,4}/g) ?? []).join('-');

/** Null if the text is not the beginning of a code. */
export function typedCode(typed: string): string | null {
  const digits = typed.toLowerCase().replaceAll(/[\s-]/g, '');
  return /^[0-9a-f]{1,32}$/.test(digits) ? digits : null;
}

export const isWholeCode = (code: string): boolean => code.length === CODE_DIGITS;

/** Used in place of a vote's signature. */
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
