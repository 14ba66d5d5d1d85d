/**
 * The common parts of Postgres rows that give a person access (sign-in links, passkeys, Telegram codes,
 * Telegram links): their tokens, and the MAC by the process that made them. Write access to Postgres without
 * the key gives nobody access. Nor does a row from before a person was removed: the MAC covers a mark of that
 * person that is stored outside Postgres.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkMark, passkeyMark, signInMark } from '../home/people-folder.js';
import { readSecret } from '../home/secrets.js';
import { plainText } from './pool.js';

/** A row that would give a person access, but was not written by a permitted process: counts as absent. */
export interface ForgedRow {
  readonly what: 'sign-in link' | 'passkey' | 'Telegram code' | 'Telegram link';
  readonly person: string;
  /** The same for the same row. */
  readonly key: string;
}

/** The forger chose the name, so it is cut. */
const NAME_CHARS_MAX = 64;

/** Notifies people of the row; never throws. */
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

/** `ended`: made by us, before the person was removed. Only `made` counts. */
export type RowStanding = 'made' | 'ended' | 'forged';

/** `row`: the row's contents without the MAC; its first word is the purpose, one for each kind of row. */
export interface RowMaker {
  codeOf(person: string, row: readonly string[]): string;
  standingOf(code: string | null, person: string, row: readonly string[]): RowStanding;
}

/** For sign-in links: the command line and the supervisor make them, the web role accepts them. */
export const signInMaker = (home: string): RowMaker =>
  makerBy(
    () => readSecret(home, 'signInLinkKey'),
    (person) => signInMark(home, person),
  );

/** For passkeys: the web role makes and accepts them. */
export const passkeyMaker = (home: string): RowMaker =>
  makerBy(
    () => readSecret(home, 'signInLinkKey'),
    (person) => passkeyMark(home, person),
  );

/** For Telegram codes and links: the command line makes the codes; the bot accepts them and makes the links. */
export const telegramMaker = (home: string): RowMaker =>
  makerBy(
    () => readSecret(home, 'telegramLinkKey'),
    (person) => linkMark(home, person),
  );

/** `keyHex`: 32 bytes. `markOf`: a text that changes when the person's earlier rows must end. */
export function makerBy(keyHex: () => string, markOf: (person: string) => string): RowMaker {
  const macOf = (person: string, mark: string, row: readonly string[]): Buffer =>
    createHmac('sha256', Buffer.from(keyHex(), 'hex'))
      .update(JSON.stringify([...row, person, mark]))
      .digest();
  return {
    codeOf: (person, row) => {
      const mark = markOf(person);
      return `${mark}.${macOf(person, mark, row).toString('hex')}`;
    },
    standingOf: (code, person, row) => {
      const [mark = '', mac = ''] = (code ?? '').split('.');
      const given = Buffer.from(mac, 'hex');
      const expected = macOf(person, mark, row);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
      return mark === markOf(person) ? 'made' : 'ended';
    },
  };
}
