/**
 * What a person signs to decide about real money, as one text that is the same on the command line, in the
 * browser, in the activity and in the trader. No cryptography here: the page and Node use different libraries
 * for it.
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
