/** Who is who in the chat: people of the desk file, linked by a one-time code. */
import { inTransaction, type Pool } from './pool.js';
import { tokenHash } from './token-hash.js';

type Queries = Pick<Pool, 'query'>;

export interface PersonLink {
  readonly telegramUserId: string;
  readonly chatId: string;
  readonly person: string;
}

interface LinkRow {
  readonly telegram_user_id: string;
  readonly chat_id: string;
  readonly person: string;
}

export async function readPersonLinks(pool: Queries, desk: string): Promise<readonly PersonLink[]> {
  const found = await pool.query<LinkRow>('select * from person_link where desk = $1 order by person', [
    desk,
  ]);
  return found.rows.map((row) => ({
    telegramUserId: row.telegram_user_id,
    chatId: row.chat_id,
    person: row.person,
  }));
}

/** Only the hash of the code is kept; a newer code of the same person makes the older ones useless. */
export async function createLinkCode(
  pool: Queries,
  desk: string,
  person: string,
  code: string,
  minutes: number,
): Promise<void> {
  await pool.query('delete from link_code where desk = $1 and person = $2', [desk, person]);
  await pool.query(
    'insert into link_code (code_hash, desk, person, expires) values ($1, $2, $3, now() + make_interval(mins => $4))',
    [tokenHash(code), desk, person, minutes],
  );
}

/** The person who is linked now; null where the code is unknown, used or too old. One account a person, both ways. */
export function linkByCode(
  pool: Pool,
  desk: string,
  code: string,
  account: Pick<PersonLink, 'telegramUserId' | 'chatId'>,
): Promise<string | null> {
  return inTransaction(pool, async (client) => {
    const used = await client.query<{ person: string }>(
      `update link_code set used = now()
        where code_hash = $1 and desk = $2 and used is null and expires > now() returning person`,
      [tokenHash(code), desk],
    );
    const person = used.rows[0]?.person;
    if (person === undefined) return null;
    await client.query('delete from person_link where desk = $1 and (person = $2 or telegram_user_id = $3)', [
      desk,
      person,
      account.telegramUserId,
    ]);
    await client.query(
      'insert into person_link (desk, telegram_user_id, chat_id, person) values ($1, $2, $3, $4)',
      [desk, account.telegramUserId, account.chatId, person],
    );
    return person;
  });
}

/** True where there was a link. A code that was not used yet links nobody any more. */
export async function unlinkPerson(pool: Queries, desk: string, person: string): Promise<boolean> {
  await pool.query('delete from link_code where desk = $1 and person = $2', [desk, person]);
  const gone = await pool.query('delete from person_link where desk = $1 and person = $2', [desk, person]);
  return gone.rowCount === 1;
}
