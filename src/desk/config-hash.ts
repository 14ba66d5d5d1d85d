/** One name for what a desk runs with: evidence, halts and arming quote it. */
import { createHash } from 'node:crypto';
import type { Desk } from './schema.js';

/** SHA-256 in hex over the desk with its defaults filled in; comments, order of keys and layout don't count. */
export function configHash(desk: Desk): string {
  return createHash('sha256').update(canonicalJson(desk)).digest('hex');
}

/** JSON with the keys of every object sorted, so that equal values give equal text. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
