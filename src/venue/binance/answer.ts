/** What came back from a request, as a value. Nothing here decides what it means for an order. */

export type Answer =
  /** The venue answered and accepted; the body is still to be judged. */
  | { readonly kind: 'answered'; readonly body: unknown }
  /** The venue answered that it did not do it. `data`: of a request with two halves, what became of each. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: number;
      readonly text: string;
      readonly data?: unknown;
    }
  /** Nobody knows what the venue did. */
  | { readonly kind: 'unanswered'; readonly cause: string }
  /** We did not even send it. */
  | { readonly kind: 'notSent'; readonly cause: string };

/** What is known of an answer that became an error on its way through the client library. */
export interface WireAnswer {
  readonly status: number;
  /** The venue's own code; null where the body has none. */
  readonly code: number | null;
  readonly text: string;
  readonly data?: unknown;
}

/** The venue's word for "it may have happened": internal errors, timeouts, overload. */
const OUTCOME_UNKNOWN: ReadonlySet<number> = new Set([-1000, -1001, -1006, -1007, -1008]);

const TEXT_MAX = 200;

/** Of an answer with an error status, or with an error in its body. */
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

/** `{code, msg}` of a body; the text is cut so that no page of HTML gets into a log. */
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
