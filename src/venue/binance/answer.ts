/** The result of a request, as a value. What it means for an order is decided elsewhere (`outcomes.ts`). */

export type Answer =
  /** The venue answered and accepted; the body has yet to be checked. */
  | { readonly kind: 'answered'; readonly body: unknown }
  /** The venue refused. `data`: for a request with two halves, the result of each half. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: number;
      readonly text: string;
      readonly data?: unknown;
    }
  /** Nobody knows what the venue did. */
  | { readonly kind: 'unanswered'; readonly cause: string }
  /** The request was never sent. */
  | { readonly kind: 'notSent'; readonly cause: string };

/** What is known about an answer that the client library turned into an error. */
export interface WireAnswer {
  readonly status: number;
  /** The venue's own error code; null if the body has none. */
  readonly code: number | null;
  readonly text: string;
  readonly data?: unknown;
}

/** The venue's codes for "it may have happened": internal errors, timeouts, overload. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([-1000, -1001, -1006, -1007, -1008]);

const TEXT_MAX = 200;

/** For an answer with an error status, or with an error in its body. */
export function answerOfWire(wire: WireAnswer): Answer {
  const { status, code, text, data } = wire;
  const definite =
    code !== null && status >= 400 && status < 500 && status !== 408 && !OUTCOME_UNKNOWN.has(code);
  if (definite) {
    const refused = { kind: 'refused', status, code, text: text.slice(0, TEXT_MAX) } as const;
    return data === undefined ? refused : { ...refused, data };
  }
  const said = code === null ? '' : ` ${code} ${text.slice(0, TEXT_MAX)}`;
  return { kind: 'unanswered', cause: `HTTP ${status}${said}` };
}

/** `{code, msg}` of a body. The text is cut, so that no HTML page gets into a log. */
export function readWireAnswer(status: number, body: unknown): WireAnswer {
  if (body !== null && typeof body === 'object' && 'code' in body) {
    const { code, msg, data } = body as { code: unknown; msg?: unknown; data?: unknown };
    if (typeof code === 'number' && Number.isInteger(code) && code < 0) {
      const wire = { status, code, text: typeof msg === 'string' ? msg : '' };
      return data === undefined || data === null ? wire : { ...wire, data };
    }
  }
  return { status, code: null, text: '' };
}

/** Used if the venue does not say how long. */
const SILENCE_SECONDS = 60;
/** Binance's longest ban is three days. */
const SILENCE_MS_MAX = 3 * 86_400_000;

/** How long a venue that answered 429 or 418 wants silence; `seconds`: its Retry-After. */
export const silenceMs = (seconds: number | null): number =>
  Math.min((seconds ?? SILENCE_SECONDS) * 1000, SILENCE_MS_MAX);
