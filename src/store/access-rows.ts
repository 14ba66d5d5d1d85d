/** What rows that give a person access have in common: their tokens, and what a forged one says. */
import { createHash, randomBytes } from 'node:crypto';
import { plainText } from './pool.js';

/** A row that would give a person's access, but was not written by a process that may do so: it counts as absent. */
export interface ForgedRow {
  readonly what: 'sign-in link' | 'passkey' | 'Telegram code' | 'Telegram link';
  readonly person: string;
  /** The same for the same row. */
  readonly key: string;
}

/** The forger chose the name, so it is cut. */
const NAME_CHARS_MAX = 64;

/** Tells people about it; never throws. */
export type OnForged = (row: ForgedRow) => void;

export function forgedRow(what: ForgedRow['what'], person: string, row: readonly string[]): ForgedRow {
  return {
    what,
    person: plainText(person).slice(0, NAME_CHARS_MAX),
    key: tokenHash(JSON.stringify([what, person, ...row])).slice(0, 32),
  };
}

const TOKEN_BYTES = 32;

/** 256 random bits can't be guessed, so storing a plain hash is enough. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
