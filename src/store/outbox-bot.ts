/** The bot's own connection state, and how far it has read the trader's journal. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface BotState {
  readonly updateOffset: number;
  readonly lastPollMs: number | null;
  readonly problem: string;
}

export async function readBotState(pool: Queries, desk: string): Promise<BotState | null> {
  const found = await pool.query<{ update_offset: string; last_poll: Date | null; problem: string }>(
    'select update_offset, last_poll, problem from telegram_bot where desk = $1',
    [desk],
  );
  const [row] = found.rows;
  if (!row) return null;
  return {
    updateOffset: Number(row.update_offset),
    lastPollMs: row.last_poll?.getTime() ?? null,
    problem: row.problem,
  };
}

/** Called after each poll that Telegram answered. */
export async function savePoll(pool: Queries, desk: string, updateOffset: number): Promise<void> {
  await pool.query(
    `insert into telegram_bot (desk, update_offset, last_poll) values ($1, $2, now())
     on conflict (desk) do update set update_offset = excluded.update_offset, last_poll = now(), problem = ''`,
    [desk, updateOffset],
  );
}

export async function savePollProblem(pool: Queries, desk: string, problem: string): Promise<void> {
  await pool.query(
    `insert into telegram_bot (desk, problem) values ($1, $2)
     on conflict (desk) do update set problem = excluded.problem`,
    [desk, problem],
  );
}

export interface NoticeCursor {
  readonly incarnation: string;
  readonly sequence: number;
}

/** How far one journal has been read. */
export async function readNoticeCursor(
  pool: Queries,
  desk: string,
  incarnation: string,
): Promise<NoticeCursor | null> {
  const found = await pool.query<{ sequence: string }>(
    'select sequence from notice_cursor where desk = $1 and incarnation = $2',
    [desk, incarnation],
  );
  const [row] = found.rows;
  return row ? { incarnation, sequence: Number(row.sequence) } : null;
}

/** When any journal of the desk was last read; null: never. */
export async function lastNoticeReadMs(pool: Queries, desk: string): Promise<number | null> {
  const found = await pool.query<{ last: Date | null }>(
    'select max(updated) as last from notice_cursor where desk = $1',
    [desk],
  );
  return found.rows[0]?.last?.getTime() ?? null;
}

export async function saveNoticeCursor(pool: Queries, desk: string, cursor: NoticeCursor): Promise<void> {
  await pool.query(
    `insert into notice_cursor (desk, incarnation, sequence) values ($1, $2, $3)
     on conflict (desk, incarnation) do update set sequence = excluded.sequence, updated = now()`,
    [desk, cursor.incarnation, cursor.sequence],
  );
}
