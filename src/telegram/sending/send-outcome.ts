/** What is certain after a request to Telegram, and what is not. */
import { type Api, GrammyError, HttpError } from 'grammy';

export type SendOutcome =
  | { readonly kind: 'sent'; readonly messageId: number }
  /**
   * Not delivered: this chat accepts nothing (`ofChat`), which people can fix, or Telegram will never accept this
   * text.
   */
  | { readonly kind: 'refused'; readonly ofChat: boolean; readonly reason: string }
  /** Certainly not delivered; may be retried after `afterMs` milliseconds. */
  | { readonly kind: 'later'; readonly afterMs: number; readonly reason: string; readonly ofToken?: true }
  /** It may have been delivered. */
  | { readonly kind: 'unknown'; readonly reason: string };

const NOT_CONNECTED = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Refusals because of the recipient, not because of the text. */
const OF_CHAT =
  /chat not found|chat_id|user not found|upgraded to a supergroup|kicked|not a member|deactivated|rights|PEER_ID_INVALID|CHAT_WRITE_FORBIDDEN|CHAT_RESTRICTED|TOPIC_CLOSED|can't initiate/i;
const RETRY_MS = 3_000;
/** A person must replace a rejected token; it is retried all the same. */
const UNAUTHORISED_RETRY_MS = 60_000;

/** The text of errors caught below is never passed on: the address in it contains the token. */
export function outcomeOfError(error: unknown): Exclude<SendOutcome, { kind: 'sent' }> {
  if (error instanceof GrammyError) {
    const { error_code: code, description, parameters } = error;
    const reason = `${code} ${description}`;
    if (code === 429) return { kind: 'later', afterMs: (parameters.retry_after ?? 1) * 1_000, reason };
    // Telegram answers "not found" to a malformed token.
    if (code === 401 || code === 404)
      return { kind: 'later', afterMs: UNAUTHORISED_RETRY_MS, reason, ofToken: true };
    if (code >= 500) return { kind: 'unknown', reason };
    const moved = parameters.migrate_to_chat_id;
    const now = moved === undefined ? '' : ` (its number is now ${moved})`;
    return { kind: 'refused', ofChat: code === 403 || OF_CHAT.test(description), reason: `${reason}${now}` };
  }
  const code = networkCode(error);
  const reason = `Telegram was not reached (${code})`;
  if (NOT_CONNECTED.has(code)) return { kind: 'later', afterMs: RETRY_MS, reason };
  return { kind: 'unknown', reason };
}

/** The connection's own code for what happened, or a plain word. */
export function networkCode(error: unknown): string {
  const cause = error instanceof HttpError ? error.error : error;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'no answer';
}

export type GrammySignal = NonNullable<Parameters<Api['getMe']>[0]>;

/** grammY's signal type comes from another package; at run time any signal with `addEventListener` will do. */
export function grammySignal(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal;
}
