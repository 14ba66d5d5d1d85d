/** Reasons in people's own words, and how they are stored. No stop is refused because of its reason. */
import { plainText } from './plain-text.js';

/** Stored if a person gave no reason. */
export const NO_REASON = 'no reason given';
export const REASON_LENGTH_MAX = 500;

/** The reason as stored, cut at `REASON_LENGTH_MAX`. Null: none was given. */
export function reasonOf(given: unknown): string | null {
  const text = typeof given === 'string' ? given.trim().slice(0, REASON_LENGTH_MAX) : '';
  return text === '' ? null : plainText(text);
}
