/**
 * What a person signs to decide about real money, and what ties a passkey to it, as texts that are the same
 * on the command line, in the browser, in the activity and in the trader. No cryptography here: the page
 * and Node use different libraries for it.
 */
export type RealMoneyKind = 'go-live' | 'settings' | 'size' | 'resume' | 'coins';

interface VoteStatement {
  readonly kind: RealMoneyKind;
  readonly desk: string;
  /** Incarnation of the trader's journal: a journal belongs to one account at one endpoint. */
  readonly account: string;
  /** Hash of the configuration in force in the trader, file and settings together. */
  readonly configHash: string;
  /** Exactly what is decided: see `Decision.subject`. */
  readonly subject: string;
  readonly choice: 'approve' | 'resume';
  readonly person: string;
  readonly sizePct: number | null;
  readonly expiresWallMs: number;
  /** 128 random bits in hex. */
  readonly nonce: string;
}

/** What a vote carries in addition to its decision. */
interface VoteSignature {
  readonly keyId: string;
  readonly account: string;
  readonly configHash: string;
  readonly expiresWallMs: number;
  readonly nonce: string;
  /**
   * Ed25519 over `statementText`, in base64url; for a passkey `assertionText`, whose challenge is the SHA-256 of that
   * text.
   */
  readonly value: string;
}

/** The statement without the fields added by signing. */
export type StatementToSign = Omit<VoteStatement, 'person' | 'nonce'>;

/**
 * Cost of deriving a key from a password: RFC 7914, then RFC 8032. About half a second and 128 MiB per guess.
 */
export const KEY_COST = { N: 2 ** 17, r: 8, p: 1, dkLen: 32 } as const;
/** Most characters of a signature as text: a passkey's includes what browser and authenticator add. */
export const SIGNATURE_CHARS_MAX = 4000;

const PURPOSE = 'fermata vote 1';

export function statementText(statement: VoteStatement): string {
  const { kind, desk, account, configHash, subject, choice, person, sizePct, expiresWallMs, nonce } =
    statement;
  return JSON.stringify([
    PURPOSE,
    kind,
    desk,
    account,
    configHash,
    subject,
    choice,
    person,
    sizePct,
    expiresWallMs,
    nonce,
  ]);
}

/** One line of text, so that it fits one field of a decision. */
export function signatureText({
  keyId,
  account,
  configHash,
  expiresWallMs,
  nonce,
  value,
}: VoteSignature): string {
  return JSON.stringify([keyId, account, configHash, expiresWallMs, nonce, value]);
}

/** Null for anything else. */
export function readSignature(text: string): VoteSignature | null {
  try {
    const parts: unknown = JSON.parse(text);
    if (text.length > SIGNATURE_CHARS_MAX || !Array.isArray(parts) || parts.length !== 6) return null;
    const [keyId, account, configHash, expiresWallMs, nonce, value] = parts;
    const texts = [keyId, account, configHash, nonce, value];
    if (!texts.every((part) => typeof part === 'string') || !Number.isSafeInteger(expiresWallMs)) return null;
    return { keyId, account, configHash, expiresWallMs, nonce, value };
  } catch {
    return null;
  }
}

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
