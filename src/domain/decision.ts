/**
 * A person's decision in a form that can be passed on: made where the person is authenticated, checked
 * wherever it takes effect. Access to Temporal or Postgres is not enough to make one: that needs the
 * decision key. And exactly what a vote is about, as one text.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type DecisionFields = Omit<Decision, 'mac'>;

type DecisionVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** How far the clocks of two processes of one installation may differ. */
const CLOCK_TOLERANCE_MS = 60_000;
const KEY_PATTERN = /^[0-9a-f]{64}$/;
const MAC_PATTERN = /^[0-9a-f]{64}$/;

/** `key`: 32 bytes as 64 hex digits. Throws if the key has another form. */
export function signDecision(key: string, fields: DecisionFields): Decision {
  return { ...fields, mac: macOf(key, fields).toString('hex') };
}

/** Whether the decision was made with `key` and is valid at `nowMs`. The caller checks what it is about. */
export function verifyDecision(key: string, decision: Decision, nowMs: number): DecisionVerdict {
  const { mac, ...fields } = decision;
  if (!MAC_PATTERN.test(mac) || !timingSafeEqual(Buffer.from(mac, 'hex'), macOf(key, fields))) {
    return { ok: false, reason: 'its authentication code is wrong: it was not made by this installation' };
  }
  if (nowMs >= decision.expiresWallMs) return { ok: false, reason: 'it has expired' };
  if (decision.atWallMs > nowMs + CLOCK_TOLERANCE_MS)
    return { ok: false, reason: 'it was made in the future' };
  return { ok: true };
}

function macOf(key: string, fields: DecisionFields): Buffer {
  if (!KEY_PATTERN.test(key)) throw new Error('the decision key is not 64 hex digits');
  return createHmac('sha256', Buffer.from(key, 'hex')).update(canonicalJson(fields)).digest();
}

/** One text for one decision, independent of the order of its keys. */
function canonicalJson(fields: DecisionFields): string {
  return JSON.stringify(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Proof of one person's decision: made by the process that authenticated them (web, CLI, Telegram) with the
 * installation's decision key, checked in an activity and again by the trader.
 * `mac` = HMAC-SHA-256 hex over the canonical JSON of the other fields.
 */
export interface Decision {
  readonly decisionId: string;
  readonly desk: string;
  readonly person: string;
  readonly via: 'web' | 'cli' | 'telegram';
  readonly choice: 'resume' | 'approve' | 'reject' | 'acknowledge' | 'resolve';
  /** Exactly what was decided on: a halt id for `resume`. */
  readonly subject: string;
  /** `resume` only: the position size chosen with it, in percent of the full size. Left out: unchanged. */
  readonly sizePct?: number;
  /**
   * `resume` only: why, in the person's own words, as `reasonOf` returns them. Left out: no reason was given.
   */
  readonly reason?: string;
  readonly atWallMs: number;
  readonly expiresWallMs: number;
  /** For real money: `signatureText` made with the person's own key. */
  readonly signature?: string;
  /** Instead of a signature, for a vote in a chat: the bot's own code. */
  readonly chatCode?: string;
  readonly mac: string;
}

/**
 * Whether a decision counts no more because its person was removed, null: never. Written so that a moment that is none
 * ends every decision.
 */
export const isEndedBy = (endedMs: number | null, { atWallMs }: Pick<Decision, 'atWallMs'>): boolean =>
  endedMs !== null && !(atWallMs > endedMs);

export type ApprovalParameters = Readonly<Record<string, string | number | boolean>>;

export interface ApprovalTerms {
  /** Business id, for example `golive:my-desk:2.1:1:start`. */
  readonly id: string;
  readonly kind: string;
  /** What the action acts on: a halt id, a release, a settings version. */
  readonly subject: string;
  readonly parameters: ApprovalParameters;
}

/** Hex SHA-256 over the parameters, independent of the order of their keys. */
export function parametersHash(parameters: ApprovalParameters): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** The `subject` of a vote's decision. A different approval, subject or parameter yields a different text. */
export function decisionSubject({ id, kind, subject, parameters }: ApprovalTerms): string {
  return JSON.stringify([id, kind, subject, parametersHash(parameters)]);
}
