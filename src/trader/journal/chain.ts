/** The hash chain over journal entries: whoever copies the journal can prove that nothing is missing or changed. */
import { hash } from 'node:crypto';

/** Chain value before the first entry of an incarnation. */
export const CHAIN_START = '0'.repeat(64);

/** Hex SHA-256 over the previous chain value (hex text) followed by the entry's payload (its record as JSON text). */
export function chainNext(previous: string, payload: string): string {
  return hash('sha256', previous + payload, 'hex');
}
