/**
 * What reached a workflow without our seal: sent by Temporal's own UI, command line or API, or changed on its way. It
 * is wrapped, so that nothing can mistake it for a message of our own processes. A stop is read from it, a decision
 * never.
 */
export interface Unsealed {
  readonly unsealed: unknown;
}

export function isUnsealed(value: unknown): value is Unsealed {
  return typeof value === 'object' && value !== null && 'unsealed' in value;
}
