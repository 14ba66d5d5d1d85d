/**
 * Votes about real money are signed with the person's own key or, in a chat, carry the bot's code. The
 * secrets of the process that people sign in to are not enough to make either.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  scrypt,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { Decision } from './decision.js';
import { GO_LIVE_APPROVAL } from './go-live-terms.js';
import type { RelyingParty } from './passkey.js';
import { SETTINGS_APPROVAL } from './settings-change.js';
import { passkeyObjection, type VotePasskey } from './vote-passkey.js';
import {
  KEY_COST,
  type RealMoneyKind,
  readSignature,
  type StatementToSign,
  signatureText,
  statementText,
} from './vote-statement.js';

/** The public half of a signing key. A person has at most one made from a password, and any number of passkeys. */
export type PersonKey = PasswordKey | VotePasskey;

export interface PasswordKey {
  readonly kind: 'ed25519-scrypt';
  /** First 16 hex digits of the SHA-256 of the public half. */
  readonly keyId: string;
  /** 16 bytes, base64url. */
  readonly salt: string;
  /** 32 bytes, base64url. */
  readonly publicKey: string;
  readonly enrolledMs: number;
}

export interface SigningKey {
  readonly publicKey: string;
  sign(text: string): string;
}

/** What the desk requires of each vote about real money. */
export interface RealMoneyRules {
  readonly kind: RealMoneyKind;
  /** State of the trader that checks. Null: the caller does not know it and leaves this check to the trader. */
  readonly inForce: { readonly account: string; readonly configHash: string } | null;
  /** Empty: this person has enrolled no key. If it throws, nothing can be checked. */
  readonly keysOf: (person: string) => readonly PersonKey[];
  /** The desk's own pages, on which passkeys sign. */
  readonly pages: () => readonly RelyingParty[];
  /** The bot's own key; may throw. */
  readonly chatKey: () => string;
  /** How many of the votes may come through a chat. */
  readonly chatVotesMax: number;
}

/** DER prefix of the 32 raw bytes, RFC 8410. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SCRYPT_BYTES_MAX = 256 * 1024 * 1024;
const CHAT_PURPOSE = 'fermata chat vote 1';
const KEY_ID_DIGITS = 16;

/** Takes about half a second. `salt`: base64url. */
export async function deriveSigningKey(password: string, salt: string): Promise<SigningKey> {
  const { N, r, p, dkLen } = KEY_COST;
  const seed = await new Promise<Buffer>((resolve, reject) => {
    scrypt(
      password.normalize('NFKC'),
      Buffer.from(salt, 'base64url'),
      dkLen,
      { N, r, p, maxmem: SCRYPT_BYTES_MAX },
      (error, key) => (error ? reject(error) : resolve(key)),
    );
  });
  return signingKeyOf(seed);
}

/** `seed`: 32 bytes, the private half. */
export function signingKeyOf(seed: Buffer): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(PUBLIC_PREFIX.length).toString('base64url'),
    sign: (text) => sign(null, Buffer.from(text, 'utf8'), key).toString('base64url'),
  };
}

/** Undefined: for this approval a decision without the person's own signature is enough. */
export function realMoneyKindOf(mode: 'paper' | 'live', approvalKind: string): RealMoneyKind | undefined {
  if (mode !== 'live') return undefined;
  if (approvalKind === GO_LIVE_APPROVAL) return 'go-live';
  return approvalKind === SETTINGS_APPROVAL ? 'settings' : undefined;
}

export async function newPersonKey(password: string, enrolledMs: number): Promise<PasswordKey> {
  const salt = randomBytes(16).toString('base64url');
  return publicHalf(await deriveSigningKey(password, salt), salt, enrolledMs);
}

export function publicHalf({ publicKey }: SigningKey, salt: string, enrolledMs: number): PasswordKey {
  return { kind: 'ed25519-scrypt', keyId: keyIdOf(publicKey), salt, publicKey, enrolledMs };
}

function keyIdOf(publicKey: string): string {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
  return digest.slice(0, KEY_ID_DIGITS);
}

/** The text that accompanies the vote. */
export function signStatement(key: SigningKey, statement: StatementToSign, person: string): string {
  const nonce = randomBytes(16).toString('hex');
  const { account, configHash, expiresWallMs } = statement;
  const value = key.sign(statementText({ ...statement, person, nonce }));
  return signatureText({ keyId: keyIdOf(key.publicKey), account, configHash, expiresWallMs, nonce, value });
}

/** The bot's code for a vote it received. `key`: 32 bytes, hex. */
export function chatCodeOf(key: string, decision: Omit<Decision, 'mac' | 'chatCode' | 'signature'>): string {
  const { decisionId, desk, person, choice, subject, sizePct = null, atWallMs, expiresWallMs } = decision;
  const said = [CHAT_PURPOSE, decisionId, desk, person, choice, subject, sizePct, atWallMs, expiresWallMs];
  return createHmac('sha256', Buffer.from(key, 'hex')).update(JSON.stringify(said)).digest('hex');
}

/**
 * Null: this vote is the person's own. Otherwise why not, in words. The number of votes through a chat is checked
 * elsewhere.
 */
export function realMoneyObjection(decision: Decision, rules: RealMoneyRules, nowMs: number): string | null {
  if (decision.signature === undefined) return chatObjection(decision, rules);
  const signature = readSignature(decision.signature);
  if (signature === null) return 'its signature can’t be read';
  const keys = rules.keysOf(decision.person);
  if (keys.length === 0)
    return `${decision.person} has enrolled no key: fermata person key ${decision.person}`;
  const key = keys.find(({ keyId }) => keyId === signature.keyId);
  if (key === undefined) return 'it was signed with another key than the one enrolled now';
  const { kind, inForce } = rules;
  if (inForce !== null && signature.account !== inForce.account)
    return 'it was signed for another journal or account';
  if (inForce !== null && signature.configHash !== inForce.configHash)
    return 'it was signed for another configuration';
  if (nowMs >= signature.expiresWallMs) return 'its signature has expired';
  const { choice, desk, subject, person, sizePct = null } = decision;
  if (choice !== 'approve' && choice !== 'resume') return `the choice was ${choice}`;
  const { account, configHash, expiresWallMs, nonce, value } = signature;
  const signed = { account, configHash, expiresWallMs, nonce };
  const text = statementText({ ...signed, kind, desk, subject, choice, person, sizePct });
  if (key.kind === 'passkey') return passkeyObjection(key, rules.pages(), text, value);
  return isSignedBy(key.publicKey, text, value) ? null : 'its signature is wrong';
}

/** Null: no more of these votes came through a chat than the desk file allows. */
export function tooManyChatVotes(
  decisions: readonly Decision[],
  { chatVotesMax }: RealMoneyRules,
): string | null {
  const names = new Set(decisions.filter(isChatVote).map(({ person }) => person));
  if (names.size <= chatVotesMax) return null;
  const most = chatVotesMax === 0 ? 'none' : `at most ${chatVotesMax}`;
  return `${names.size} votes came through Telegram (${[...names].join(', ')}), and ${most} may (goLive.telegramVotes)`;
}

const isChatVote = ({ signature }: Decision): boolean => signature === undefined;

function chatObjection(decision: Decision, { chatKey }: RealMoneyRules): string | null {
  const { via, chatCode } = decision;
  if (via !== 'telegram' || chatCode === undefined)
    return 'it is about real money and is not signed with the key of the person (fermata person key NAME, then vote again)';
  const expected = Buffer.from(chatCodeOf(chatKey(), decision));
  const found = Buffer.from(chatCode);
  const same = found.length === expected.length && timingSafeEqual(found, expected);
  return same ? null : 'its code is not the bot’s';
}

function isSignedBy(publicKey: string, text: string, value: string): boolean {
  try {
    const spki = Buffer.concat([PUBLIC_PREFIX, Buffer.from(publicKey, 'base64url')]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(value, 'base64url'));
  } catch {
    return false;
  }
}
