/** Client order ids: `f`, six characters of the journal's incarnation, a sequence in base 36. */

const OURS = /^f([a-z0-9]{6})([0-9a-z]{1,11})$/;

/**
 * Names of trades that no order of ours opened: `a` and a number. Order ids skip them: the order's trade
 * would have the same name.
 */
const ADOPTED = /^a[0-9]+$/;

/** The id of the next order. */
export function clientIdAfter(incarnation: string, lastSequence: number): string {
  let sequence = lastSequence + 1;
  while (ADOPTED.test(sequence.toString(36))) sequence += 1;
  return `f${incarnation}${sequence.toString(36)}`;
}

/** The sequence in an id of any incarnation. 0: the id is not one of ours. */
export function sequenceOf(clientId: string): number {
  const digits = OURS.exec(clientId)?.[2];
  return digits === undefined ? 0 : Number.parseInt(digits, 36);
}

/** Null: the id is not one of ours. */
export function incarnationOf(clientId: string): string | null {
  return OURS.exec(clientId)?.[1] ?? null;
}
