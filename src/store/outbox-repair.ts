/** Handles notices that could not be delivered: sends them after the repair, or sums up old ones. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Older ones are history: one message says how many there were. */
const NEWS_HOURS = 24;
/** Younger ones are current, even if nobody was ever notified before. */
const FRESH_MINUTES = 10;
/** Up to this many are sent one by one, however old they are. */
const SINGLY_MAX = 5;

const NOT_TO_BE_ANSWERED = `not exists (select 1 from approval a where a.id = n.approval_id and a.state = 'open')`;

/** Turns rows of `old` (id, severity, title, occurred) into one notice; `chats` is an SQL expression of type text[]. */
const toldAsOne = (chats: string, key: string) => `
  summed as (
    select count(*) as number, count(*) filter (where severity = 'critical') as critical, max(id) as newest,
      to_char(min(occurred) at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as earliest,
      to_char(max(occurred) at time zone 'UTC', 'YYYY-MM-DD HH24:MI') as latest,
      (array_agg(title order by (severity = 'critical') desc, id desc))[1] as example
    from old
  ), told as (
    insert into notice (desk, fingerprint, event, severity, title, body, addressed)
    select $1, 'summed-up:' || newest || ':' || ${key}, 'warning', 'warning', $1 || ': ' || number || case when number = 1 then ' alert was' else ' alerts were' end || ' not told here',
      'From ' || earliest || ' to ' || latest || ' UTC, ' || critical || ' of them critical. '
        || case when critical > 0 then 'The newest critical one: ' else 'The newest one: ' end || example
        || E'\\nWhat happened is in the desk''s audit trail and its incidents.', now()
    from summed where number > 0 on conflict (desk, fingerprint) do nothing returning id
  )
  insert into outbox (notice_id, desk, chat_id) select id, $1, unnest(${chats}) from told`;

/**
 * A chat accepts messages again: messages it refused in the last day are sent, in order; older ones become
 * one. Notices for chats that no longer belong to anybody (`known`: those that do) go to this one; null: they
 * don't.
 */
export async function sendRefusedAgain(
  pool: Queries,
  desk: string,
  chatId: string,
  known: readonly string[] | null,
): Promise<void> {
  if (known !== null)
    await pool.query(
      `update outbox set chat_id = $2 where id in (
       select distinct on (notice_id) id from outbox o
       where desk = $1 and chat_id <> all($3::text[]) and state in ('refused', 'pending')
         and not exists (select 1 from outbox here where here.notice_id = o.notice_id and here.chat_id = $2)
       order by notice_id, id)`,
      [desk, chatId, known],
    );
  // In one statement: otherwise a concurrent delivery could find only the sum, and send it before the older
  // notices.
  await pool.query(
    `with late as (
       update outbox o set state = 'given_up', finished = now(), reason = 'told in a sum' from notice n
       where n.id = o.notice_id and o.desk = $1 and o.chat_id = $2 and o.state in ('refused', 'pending')
         and (n.created < now() - make_interval(hours => ${NEWS_HOURS}) or (o.state = 'refused' and n.event = 'test'))
         and ${NOT_TO_BE_ANSWERED}
       returning o.id, n.event, n.severity, n.title, coalesce(n.occurred, n.created) as occurred
     ), again as (
       update outbox set state = 'pending', finished = null, next_attempt = now(), reason = ''
       where desk = $1 and chat_id = $2 and state = 'refused' and id not in (select id from late)
     ), old as (select * from late where event <> 'test'), ${toldAsOne('array[$2::text]', '$2')}`,
    [desk, chatId],
  );
}

/**
 * Sums up notices without a recipient: those older than a few minutes if nothing was ever sent, otherwise
 * those older than a day. True if there were so many that they are now one message.
 */
export async function sumUpBacklog(
  pool: Queries,
  desk: string,
  chats: readonly string[],
  events: readonly string[],
): Promise<boolean> {
  const summed = await pool.query(
    `with waiting as (
       select n.id, n.event from notice n where n.desk = $1 and n.addressed is null and ${NOT_TO_BE_ANSWERED}
         and (not exists (select 1 from outbox where desk = $1)
             and n.created < now() - make_interval(mins => ${FRESH_MINUTES})
           or n.created < now() - make_interval(hours => ${NEWS_HOURS}))
     ), late as (
       update notice n set addressed = now() from waiting
       where n.id = waiting.id and (select count(*) from waiting where event = any($3::text[])) > ${SINGLY_MAX}
       returning n.id, n.event, n.severity, n.title, coalesce(n.occurred, n.created) as occurred
     ), old as (select * from late where event = any($3::text[])), ${toldAsOne('$2::text[]', "'backlog'")}`,
    [desk, chats, events],
  );
  return (summed.rowCount ?? 0) > 0;
}

export interface Undelivered {
  readonly waiting: number;
  readonly refused: number;
}

export async function undelivered(
  pool: Queries,
  desk: string,
  known: readonly string[],
): Promise<Undelivered> {
  const found = await pool.query<{ waiting: string; refused: string }>(
    `select count(*) filter (where o.state in ('pending', 'sending')) as waiting,
       count(*) filter (where o.state = 'refused' and o.chat_id = any($2::text[])) as refused
     from outbox o join notice n on n.id = o.notice_id
     where o.desk = $1 and o.state in ('pending', 'sending', 'refused') and n.event <> 'test'`,
    [desk, known],
  );
  const [row] = found.rows;
  return { waiting: Number(row?.waiting ?? 0), refused: Number(row?.refused ?? 0) };
}
