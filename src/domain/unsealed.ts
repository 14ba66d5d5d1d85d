/**
 * What reached a workflow without our seal: sent by Temporal's own UI, command line or API, or changed on its way. It
 * arrives wrapped, so that nothing can take it for what our own processes say. A stop is read from it; a decision never.
 */
export interface Unsealed {
  readonly unsealed: unknown;
}

export function isUnsealed(value: unknown): value is Unsealed {
  return typeof value === 'object' && value !== null && 'unsealed' in value;
}
