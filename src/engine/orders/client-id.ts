/** Client order ids: `f`, six characters of the journal's incarnation, a sequence in base 36. */

/** Where the sequence begins: after `f` and the incarnation. */
const SEQUENCE_AT = 7;
const SEQUENCE_LENGTH_MAX = 11;

/**
 * Names of trades that no order of ours opened: `a` and a number. Order ids skip them: the order's trade
 * would have the same name.
 */
const ADOPTED = /^a[0-9]+$/;

/** The id of the next order. */
export function clientIdAfter(incarnation: string, lastSequence: number): string {
  let sequence = lastSequence + 1;
  let digits = sequence.toString(36);
  while (ADOPTED.test(digits)) {
    sequence += 1;
    digits = sequence.toString(36);
  }
  return `f${incarnation}${digits}`;
}

/** The sequence in an id of any incarnation. 0: the id is not one of ours. */
export function sequenceOf(clientId: string): number {
  return Math.max(0, read(clientId));
}

/** Null: the id is not one of ours. */
export function incarnationOf(clientId: string): string | null {
  return read(clientId) < 0 ? null : clientId.slice(1, SEQUENCE_AT);
}

/**
 * The sequence; -1: the id is not one of ours. Character by character: it is asked several times for each order, and a
 * pattern takes ten times as long.
 */
function read(clientId: string): number {
  const { length } = clientId;
  if (length <= SEQUENCE_AT || length > SEQUENCE_AT + SEQUENCE_LENGTH_MAX || clientId[0] !== 'f') return -1;
  let sequence = 0;
  for (let at = 1; at < length; at += 1) {
    const digit = digitOf(clientId.charCodeAt(at));
    if (digit < 0) return -1;
    if (at >= SEQUENCE_AT) sequence = sequence * 36 + digit;
  }
  return sequence;
}

/** Of base 36, in lower case; -1: none. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 122 ? code - 87 : -1;
}
