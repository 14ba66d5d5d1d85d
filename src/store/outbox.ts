/** Notices, and the destinations that each still has to reach. */
import type { Notice } from '../contracts/notice.js';
import type { Counted, Span } from './ledger-figures.js';
import { type Pool, plainText } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Null if this fingerprint existed already. */
export async function insertNotice(pool: Queries, notice: Notice): Promise<string | null> {
  const added = await pool.query<{ id: string }>(
    `insert into notice (desk, fingerprint, event, severity, title, body, buttons, audience, approval_id, occurred)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (desk, fingerprint) do nothing returning id`,
    [
      notice.desk,
      notice.fingerprint,
      notice.event,
      notice.severity,
      plainText(notice.title),
      plainText(notice.text),
      JSON.stringify(notice.buttons ?? []),
      notice.audience ?? [],
      notice.approvalId ?? null,
      notice.occurredMs === undefined ? null : new Date(notice.occurredMs),
    ],
  );
  return added.rows[0]?.id ?? null;
}

interface UnaddressedNotice {
  readonly id: string;
  readonly event: string;
  readonly audience: readonly string[];
}

const ADDRESSED_AT_ONCE = 200;

/**
 * Oldest first. `roles`: only those for one of these or for everybody, so none waits behind notices that
 * can't go to anybody yet; null: all.
 */
export async function unaddressedNotices(
  pool: Queries,
  desk: string,
  roles: readonly string[] | null,
): Promise<readonly UnaddressedNotice[]> {
  const found = await pool.query<UnaddressedNotice>(
    `select id, event, audience from notice where desk = $1 and addressed is null
       and ($3::text[] is null or audience = '{}' or audience && $3::text[]) order by id limit $2`,
    [desk, ADDRESSED_AT_ONCE, roles],
  );
  return found.rows;
}

/** Creates one delivery per chat, in the same statement that marks this as done. */
export async function addressNotice(
  pool: Queries,
  desk: string,
  id: string,
  chatIds: readonly string[],
): Promise<void> {
  await pool.query(
    `with done as (update notice set addressed = now() where id = $1)
     insert into outbox (notice_id, desk, chat_id)
     select $1, $2, chat from unnest($3::text[]) as chat on conflict (notice_id, chat_id) do nothing`,
    [id, desk, chatIds],
  );
}

/**
 * What is asked of these roles and still waits, for a chat that joins them now: each question once, as it was asked, unless the
 * chat has it.
 */
export async function addressOpenQuestions(
  pool: Queries,
  desk: string,
  roles: readonly string[],
  chatId: string,
): Promise<void> {
  await pool.query(
    `insert into outbox (notice_id, desk, chat_id)
     select distinct on (a.created, a.id) n.id, $1, $3 from approval a join notice n on n.approval_id = a.id
     where a.desk = $1 and a.state = 'open' and a.expires > now() and a.roles && $2::text[]
       and not exists (
         select from outbox o join notice sent on sent.id = o.notice_id
         where sent.approval_id = a.id and o.chat_id = $3)
     order by a.created, a.id, n.id on conflict (notice_id, chat_id) do nothing`,
    [desk, roles, chatId],
  );
}

export interface Delivery {
  readonly id: string;
  /** The notice's event: what happened. */
  readonly event: string;
  readonly noticeId: string;
  readonly chatId: string;
  readonly state: 'pending' | 'sending';
  readonly attempts: number;
  readonly afterMessageId: number | null;
  readonly severity: Notice['severity'];
  readonly title: string;
  readonly text: string;
  readonly buttons: NonNullable<Notice['buttons']>;
  /** When it happened, as far as that is known; otherwise when the notice was stored. */
  readonly occurredMs: number;
}

interface DeliveryRow {
  readonly id: string;
  readonly event: string;
  readonly notice_id: string;
  readonly chat_id: string;
  readonly state: 'pending' | 'sending';
  readonly attempts: number;
  readonly after_message_id: string | null;
  readonly severity: Notice['severity'];
  readonly title: string;
  readonly body: string;
  readonly buttons: NonNullable<Notice['buttons']>;
  readonly occurred: Date;
}

/** The oldest unfinished delivery of each chat, if it is due, so each chat reads in order. */
export async function nextDeliveries(pool: Queries, desk: string): Promise<readonly Delivery[]> {
  const found = await pool.query<DeliveryRow>(
    `select * from (
       select distinct on (o.chat_id) o.id, o.notice_id, o.chat_id, o.state, o.attempts, o.after_message_id,
         o.next_attempt, n.event, n.severity, n.title, n.body, n.buttons,
         coalesce(n.occurred, n.created) as occurred
       from outbox o join notice n on n.id = o.notice_id
       where o.desk = $1 and o.state in ('pending', 'sending') order by o.chat_id, o.id
     ) head where next_attempt <= now() order by id`,
    [desk],
  );
  return found.rows.map((row) => ({
    id: row.id,
    event: row.event,
    noticeId: row.notice_id,
    chatId: row.chat_id,
    state: row.state,
    attempts: row.attempts,
    afterMessageId: row.after_message_id === null ? null : Number(row.after_message_id),
    severity: row.severity,
    title: row.title,
    text: row.body,
    buttons: row.buttons,
    occurredMs: row.occurred.getTime(),
  }));
}

/**
 * Counts notices of these events, by event; critical ones also count as `critical`. Most frequent first. `span` is
 * wall time, because that is a notice's timestamp.
 */
export async function countNotices(
  pool: Pick<Pool, 'query'>,
  span: Span,
  events: readonly string[],
): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select what, count(*) as count from notice,
       unnest(case when severity = 'critical' then array[event, 'critical'] else array[event] end) as what
      where desk = $1 and created >= $2 and created < $3 and event = any($4)
      group by what order by count(*) desc, what`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs), events],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

/** When the oldest stored notice was written (wall milliseconds); null if there never was one. */
export async function firstNoticeMs(pool: Pick<Pool, 'query'>, desk: string): Promise<number | null> {
  const found = await pool.query<{ first: Date | null }>(
    'select min(created) as first from notice where desk = $1',
    [desk],
  );
  return found.rows[0]?.first?.getTime() ?? null;
}
