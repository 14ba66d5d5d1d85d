/**
 * Rows of Postgres that make somebody a person (sign-in links, passkeys, Telegram codes, Telegram links) carry a code of the process
 * that made them. Who can write Postgres but lacks the key makes nobody; a row from before somebody was taken off makes
 * nobody either, because the code covers a mark of that person which is kept outside of Postgres.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { linkMark, passkeyMark, signInMark } from './ended-sign-ins.js';
import { readSecret } from './secrets.js';

/** `ended`: made by us, before the person was taken off. Only `made` counts. */
export type RowStanding = 'made' | 'ended' | 'forged';

/** `row`: what the row says, without the code; each kind of row has a purpose of its own as its first word. */
export interface RowMaker {
  codeOf(person: string, row: readonly string[]): string;
  standingOf(code: string | null, person: string, row: readonly string[]): RowStanding;
}

/** Of sign-in links: the command line and the supervisor make them, the web role takes them. */
export const signInMaker = (home: string): RowMaker =>
  makerBy(
    () => readSecret(home, 'signInLinkKey'),
    (person) => signInMark(home, person),
  );

/** Of passkeys: the web role makes and takes them. */
export const passkeyMaker = (home: string): RowMaker =>
  makerBy(
    () => readSecret(home, 'signInLinkKey'),
    (person) => passkeyMark(home, person),
  );

/** Of Telegram codes and links: the command line makes the codes, the bot takes them and makes the links. */
export const telegramMaker = (home: string): RowMaker =>
  makerBy(
    () => readSecret(home, 'telegramLinkKey'),
    (person) => linkMark(home, person),
  );

/** `keyHex`: 32 bytes; `markOf`: another text once the person's earlier rows are to end. */
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
