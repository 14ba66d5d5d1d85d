/** The progress of one delivery. Each step is written before or after its request, never guessed. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Written before the request: until something else is written, the outcome is unknown. */
export async function beginSending(pool: Queries, id: string, afterMessageId: number): Promise<void> {
  await pool.query(
    `update outbox set state = 'sending', attempts = attempts + 1, after_message_id = $2, reason = '' where id = $1`,
    [id, afterMessageId],
  );
}

export async function markSent(pool: Queries, id: string, messageId: number): Promise<void> {
  await pool.query(
    `update outbox o set state = 'sent', message_id = $2, finished = now(), reason = '',
       buttons_open = exists (select 1 from notice n where n.id = o.notice_id and n.approval_id is not null)
     where id = $1`,
    [id, messageId],
  );
}

/** Certainly not delivered: retried after `afterMs`. */
export async function sendLater(pool: Queries, id: string, afterMs: number, reason: string): Promise<void> {
  await pool.query(
    `update outbox set state = 'pending', next_attempt = now() + make_interval(secs => $2), reason = $3 where id = $1`,
    [id, afterMs / 1000, reason],
  );
}

/** It may have arrived: it stays `sending`, and is searched for after `afterMs`. */
export async function lookLater(pool: Queries, id: string, afterMs: number, reason: string): Promise<void> {
  await pool.query(
    `update outbox set next_attempt = now() + make_interval(secs => $2), reason = $3 where id = $1`,
    [id, afterMs / 1000, reason],
  );
}

/**
 * `refused`: by its chat (blocked, unknown); sent again once the chat accepts messages. `given_up`: never sent again.
 */
export async function markRefused(
  pool: Queries,
  id: string,
  state: 'refused' | 'given_up',
  reason: string,
): Promise<void> {
  await pool.query('update outbox set state = $2, finished = now(), reason = $3 where id = $1', [
    id,
    state,
    reason,
  ]);
}

interface NewestMessage {
  readonly chatId: string;
  readonly messageId: number;
}

/** The newest recorded message id of each chat. */
export async function newestMessages(pool: Queries, desk: string): Promise<readonly NewestMessage[]> {
  const found = await pool.query<{ chat_id: string; newest: string | null }>(
    `select chat_id, greatest(max(message_id), max(after_message_id)) as newest
       from outbox where desk = $1 group by chat_id`,
    [desk],
  );
  return found.rows.map((row) => ({ chatId: row.chat_id, messageId: Number(row.newest ?? 0) }));
}

interface OpenButtons {
  readonly id: string;
  readonly chatId: string;
  readonly messageId: number;
  readonly title: string;
  readonly text: string;
  readonly outcome: string;
}

/** Messages that still show the buttons of a closed approval. */
export async function buttonsToClose(pool: Queries, desk: string): Promise<readonly OpenButtons[]> {
  const found = await pool.query<Omit<OpenButtons, 'messageId'> & { message_id: string }>(
    `select o.id, o.chat_id as "chatId", o.message_id, n.title, n.body as text, a.outcome
       from outbox o join notice n on n.id = o.notice_id join approval a on a.id = n.approval_id
      where o.desk = $1 and o.buttons_open and a.state <> 'open' order by o.id limit 20`,
    [desk],
  );
  return found.rows.map(({ message_id: messageId, ...row }) => ({ ...row, messageId: Number(messageId) }));
}

/** Only while the approval's outcome is the one shown: otherwise the message must be rewritten once more. */
export async function markButtonsClosed(pool: Queries, id: string, outcome: string): Promise<void> {
  const shown = `select from notice n join approval a on a.id = n.approval_id
     where n.id = notice_id and a.outcome is not distinct from $2 for share of a`;
  await pool.query(`update outbox set buttons_open = false where id = $1 and exists (${shown})`, [
    id,
    outcome,
  ]);
}

/** Reports cover eight weeks, so rare events can be counted; a few days more, because routines run late. */
export const NOTICES_KEPT_DAYS = 60;
const UNDELIVERED_DAYS_MAX = 7;
/** Maximum of waiting informational deliveries per desk; beyond it, the oldest are given up. */
const WAITING_MAX = 5_000;

/** Bounds the tables. Returns how many deliveries were given up undelivered. */
export async function pruneOutbox(pool: Queries, desk: string): Promise<number> {
  await pool.query(
    `delete from notice n where desk = $1 and created < now() - make_interval(days => $2)
       and not exists (select 1 from outbox o where o.notice_id = n.id and o.state in ('pending', 'sending'))`,
    [desk, NOTICES_KEPT_DAYS],
  );
  const old = await pool.query(
    `update outbox set state = 'given_up', finished = now(), reason = 'too old'
      where desk = $1 and state in ('pending', 'sending')
        and notice_id in (select id from notice where desk = $1 and created < now() - make_interval(days => $2))`,
    [desk, UNDELIVERED_DAYS_MAX],
  );
  const many = await pool.query(
    `update outbox set state = 'given_up', finished = now(), reason = 'too many wait'
      where id in (
        select o.id from outbox o join notice n on n.id = o.notice_id
         where o.desk = $1 and o.state = 'pending' and n.severity = 'info' order by o.id desc offset $2)`,
    [desk, WAITING_MAX],
  );
  return (old.rowCount ?? 0) + (many.rowCount ?? 0);
}

export interface DeliveryState {
  readonly state: 'pending' | 'sending' | 'sent' | 'refused' | 'given_up';
  readonly finished: boolean;
  readonly arrived: boolean;
  readonly reason: string;
}

export interface ChatDelivery extends DeliveryState {
  /** Telegram's id, once it has arrived. */
  readonly messageId: number | null;
}

/** For one notice, by fingerprint; empty until a chat is chosen for it. */
export async function deliveriesOf(
  pool: Queries,
  desk: string,
  fingerprint: string,
): Promise<readonly ChatDelivery[]> {
  const found = await pool.query<{
    state: DeliveryState['state'];
    message_id: string | null;
    finished: Date | null;
    reason: string;
  }>(
    `select o.state, o.message_id, o.finished, o.reason from outbox o join notice n on n.id = o.notice_id
      where n.desk = $1 and n.fingerprint = $2 order by o.id`,
    [desk, fingerprint],
  );
  return found.rows.map((row) => ({
    state: row.state,
    finished: row.finished !== null,
    arrived: row.message_id !== null,
    messageId: row.message_id === null ? null : Number(row.message_id),
    reason: row.reason,
  }));
}

interface BotState {
  readonly updateOffset: number;
  readonly lastPollMs: number | null;
  readonly problem: string;
}

/** The bot's connection to Telegram: how far it has read the updates, its last poll, and what is wrong. */
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
  /** What the journal held when it was first seen: written before `untilMs`, its entries are no news. */
  readonly past: { readonly sequence: number; readonly untilMs: number };
}

/** How far one journal has been read. Null: it was never seen. */
export async function readNoticeCursor(
  pool: Queries,
  desk: string,
  incarnation: string,
): Promise<NoticeCursor | null> {
  const found = await pool.query<{ sequence: string; past_sequence: string; past_until: Date | null }>(
    'select sequence, past_sequence, past_until from notice_cursor where desk = $1 and incarnation = $2',
    [desk, incarnation],
  );
  const [row] = found.rows;
  if (!row) return null;
  const past = { sequence: Number(row.past_sequence), untilMs: row.past_until?.getTime() ?? 0 };
  return { incarnation, sequence: Number(row.sequence), past };
}

/** When any journal of the desk was last read; null: never. */
export async function lastNoticeReadMs(pool: Queries, desk: string): Promise<number | null> {
  const found = await pool.query<{ last: Date | null }>(
    'select max(updated) as last from notice_cursor where desk = $1',
    [desk],
  );
  return found.rows[0]?.last?.getTime() ?? null;
}

/** The past stays as it was first saved. */
export async function saveNoticeCursor(pool: Queries, desk: string, cursor: NoticeCursor): Promise<void> {
  const { incarnation, sequence, past } = cursor;
  await pool.query(
    `insert into notice_cursor (desk, incarnation, sequence, past_sequence, past_until) values ($1, $2, $3, $4, $5)
     on conflict (desk, incarnation) do update set sequence = excluded.sequence, updated = now()`,
    [desk, incarnation, sequence, past.sequence, new Date(past.untilMs)],
  );
}
