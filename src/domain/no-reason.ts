/** Reasons: whatever a person gave, as it is kept; nobody is refused a stop for one. */
import { plainText } from './plain-text.js';

/** What is kept where a person gave none. */
export const NO_REASON = 'no reason given';
export const REASON_LENGTH_MAX = 500;

/** As it is kept: one that is too long is cut. Null where that is none. */
export function reasonOf(given: unknown): string | null {
  const text = typeof given === 'string' ? given.trim().slice(0, REASON_LENGTH_MAX) : '';
  return text === '' ? null : plainText(text);
}
