import { plainText } from './plain-text.js';
import { tokenHash } from './token-hash.js';

/** A row that would make somebody a person and was not made by who may: it counts as absent. */
export interface ForgedRow {
  readonly what: 'sign-in link' | 'passkey' | 'Telegram code' | 'Telegram link';
  readonly person: string;
  /** The same for the same row. */
  readonly key: string;
}

/** Whoever forged it chose the name. */
const NAME_CHARS_MAX = 64;

/** Tells people of it; never throws. */
export type OnForged = (row: ForgedRow) => void;

export function forgedRow(what: ForgedRow['what'], person: string, row: readonly string[]): ForgedRow {
  return {
    what,
    person: plainText(person).slice(0, NAME_CHARS_MAX),
    key: tokenHash(JSON.stringify([what, person, ...row])).slice(0, 32),
  };
}
