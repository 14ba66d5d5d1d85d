/**
 * Who is who in the chat: people of the desk file, linked by a one-time code. Each row carries a code of the process
 * that wrote it.
 */

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MINUTE_MS } from '../domain/civil-date.js';
import { peopleFolder } from '../home/people-folder.js';
import {
  forgedRow,
  type OnForged,
  type RowMaker,
  type RowStanding,
  telegramMaker,
  tokenHash,
} from './access-rows.js';
import { inTransaction, type Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface PersonLink {
  readonly telegramUserId: string;
  readonly chatId: string;
  readonly person: string;
  /** Code of the bot that wrote it. */
  readonly mac: string;
}

interface LinkRow {
  readonly desk: string;
  readonly telegram_user_id: string;
  readonly chat_id: string;
  readonly person: string;
  readonly mac: string | null;
}

const saidByLink = (desk: string, telegramUserId: string, chatId: string): readonly string[] => [
  'fermata telegram link 1',
  desk,
  telegramUserId,
  chatId,
];
const saidByCode = (hash: string, desk: string, expires: Date): readonly string[] => [
  'fermata telegram code 1',
  hash,
  desk,
  String(expires.getTime()),
];

/** Checked whenever the link is used: the person's mark outside Postgres also revokes copies of a row. */
export function linkStanding(maker: RowMaker, desk: string, link: PersonLink): RowStanding {
  return maker.standingOf(link.mac, link.person, saidByLink(desk, link.telegramUserId, link.chatId));
}

/** Links of these people. A row that the bot did not write counts as absent. */
export async function readPersonLinks(
  pool: Queries,
  maker: RowMaker,
  desk: string,
  people: readonly string[],
  onForged: OnForged,
): Promise<readonly PersonLink[]> {
  const found = await pool.query<LinkRow>(
    'select * from person_link where desk = $1 and person = any($2) order by person',
    [desk, people],
  );
  return found.rows.flatMap(({ telegram_user_id: telegramUserId, chat_id: chatId, person, mac }) => {
    const link = { telegramUserId, chatId, person, mac: mac ?? '' };
    const standing = linkStanding(maker, desk, link);
    if (standing === 'forged')
      onForged(forgedRow('Telegram link', person, saidByLink(desk, telegramUserId, chatId)));
    return standing === 'made' ? [link] : [];
  });
}

/** Only the hash of the code is stored; a newer code for the same person invalidates older ones. */
export async function createLinkCode(
  pool: Queries,
  maker: RowMaker,
  desk: string,
  person: string,
  code: string,
  minutes: number,
): Promise<void> {
  const hash = tokenHash(code);
  const expires = new Date(Date.now() + minutes * MINUTE_MS);
  const mac = maker.codeOf(person, saidByCode(hash, desk, expires));
  await pool.query('delete from link_code where desk = $1 and person = $2', [desk, person]);
  await pool.query(
    'insert into link_code (code_hash, desk, person, expires, mac) values ($1, $2, $3, $4, $5)',
    [hash, desk, person, expires, mac],
  );
}

/**
 * Returns the person who is linked now; null if the code is unknown, forged, used or too old. One account per person,
 * and one person per account.
 */
export function linkByCode(
  pool: Pool,
  maker: RowMaker,
  desk: string,
  code: string,
  account: Pick<PersonLink, 'telegramUserId' | 'chatId'>,
  onForged: OnForged,
): Promise<string | null> {
  const hash = tokenHash(code);
  const { telegramUserId, chatId } = account;
  return inTransaction(pool, async (client) => {
    const used = await client.query<{ person: string; expires: Date; mac: string | null }>(
      `update link_code set used = now()
        where code_hash = $1 and desk = $2 and used is null and expires > now() returning person, expires, mac`,
      [hash, desk],
    );
    const [row] = used.rows;
    if (row === undefined) return null;
    const { person } = row;
    const said = saidByCode(hash, desk, row.expires);
    const standing = maker.standingOf(row.mac, person, said);
    if (standing === 'forged') onForged(forgedRow('Telegram code', person, said));
    if (standing !== 'made') return null;
    await client.query('delete from person_link where desk = $1 and (person = $2 or telegram_user_id = $3)', [
      desk,
      person,
      telegramUserId,
    ]);
    await client.query(
      'insert into person_link (desk, telegram_user_id, chat_id, person, mac) values ($1, $2, $3, $4, $5)',
      [desk, telegramUserId, chatId, person, maker.codeOf(person, saidByLink(desk, telegramUserId, chatId))],
    );
    return person;
  });
}

/**
 * Adds codes to links from before rows carried them, otherwise unchanged. Only for the start that follows the
 * upgrade.
 */
async function sealEarlierLinks(pool: Queries, maker: RowMaker): Promise<number> {
  const found = await pool.query<LinkRow>('select * from person_link where mac is null');
  for (const { desk, telegram_user_id: user, chat_id: chat, person } of found.rows)
    await pool.query(
      'update person_link set mac = $3 where desk = $1 and telegram_user_id = $2 and mac is null',
      [desk, user, maker.codeOf(person, saidByLink(desk, user, chat))],
    );
  return found.rows.length;
}

/** True if there was a link. An unused code is invalidated. */
export async function unlinkPerson(pool: Queries, desk: string, person: string): Promise<boolean> {
  await pool.query('delete from link_code where desk = $1 and person = $2', [desk, person]);
  const gone = await pool.query('delete from person_link where desk = $1 and person = $2', [desk, person]);
  return gone.rowCount === 1;
}

/**
 * Adds authentication codes to Telegram links from before rows had one, once per installation: the first
 * start that knows codes seals the links that it finds. This is recorded outside Postgres, so write access to
 * Postgres can't cause it to be repeated.
 */
const DONE = 'telegram-links-sealed';

/** Returns how many links it found; 0 at every later start. */
export async function sealEarlierLinksOnce(pool: Pool, home: string): Promise<number> {
  const done = join(peopleFolder(home), DONE);
  if (existsSync(done)) return 0;
  const sealed = await sealEarlierLinks(pool, telegramMaker(home));
  mkdirSync(peopleFolder(home), { recursive: true, mode: 0o700 });
  writeFileSync(done, `${new Date().toISOString()}\n`, { mode: 0o600 });
  return sealed;
}
