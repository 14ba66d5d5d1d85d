/** Notices that are sent by mail: one row per address, with each step of its delivery. */
import type { Notice } from '../contracts/notice.js';
import type { DeliveryState } from './outbox-delivery.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export const MAIL_TEST_EVENT = 'mail-test';
/** How long a notice is news, in hours: mail set up today starts with today's notices. */
const NEWS_HOURS = 24;
/** As long as mail servers retry undeliverable mail. */
const UNDELIVERED_DAYS_MAX = 3;
const DUE_AT_ONCE = 20;

interface MailChoice {
  readonly to: readonly string[];
  readonly events: readonly string[];
  readonly critical: boolean;
}

/** Creates rows for each notice that must be mailed and has none yet. Returns the number of rows. */
export async function addressMail(
  pool: Queries,
  desk: string,
  { to, events, critical }: MailChoice,
): Promise<number> {
  const added = await pool.query(
    `insert into mail_outbox (notice_id, desk, address)
     select n.id, $1, wanted.address from notice n cross join unnest($2::text[]) with ordinality as wanted (address, place)
      where n.desk = $1 and n.created > now() - make_interval(hours => ${NEWS_HOURS})
        and (n.event = any($3::text[]) or ($4 and n.severity = 'critical'))
        and not exists (select 1 from mail_outbox m where m.notice_id = n.id)
      order by n.id, place
     on conflict (notice_id, address) do nothing`,
    [desk, to, [...events, MAIL_TEST_EVENT], critical],
  );
  return added.rowCount ?? 0;
}

export interface Mail {
  readonly id: string;
  readonly address: string;
  readonly attempts: number;
  readonly severity: Notice['severity'];
  readonly title: string;
  readonly text: string;
  /** When the notice was stored. */
  readonly createdMs: number;
  /** When it happened, as far as that is known; otherwise as `createdMs`. */
  readonly occurredMs: number;
}

/**
 * Claims due mail as `sending`, critical first: nobody else claims it within `leaseMs`. After that its sender
 * counts as dead, and the mail is due again.
 */
export async function takeDueMail(pool: Queries, desk: string, leaseMs: number): Promise<readonly Mail[]> {
  const taken = await pool.query<{
    id: string;
    address: string;
    attempts: number;
    severity: Notice['severity'];
    title: string;
    body: string;
    created: Date;
    occurred: Date;
  }>(
    `with due as (
       select o.id from mail_outbox o join notice n on n.id = o.notice_id
        where o.desk = $1 and o.state in ('pending', 'sending') and o.next_attempt <= now()
        order by (n.severity = 'critical') desc, o.id limit ${DUE_AT_ONCE} for update of o skip locked
     )
     update mail_outbox o set state = 'sending', attempts = o.attempts + 1, tried = now(),
       next_attempt = now() + make_interval(secs => $2)
       from due, notice n where o.id = due.id and n.id = o.notice_id
     returning o.id, o.address, o.attempts, n.severity, n.title, n.body, n.created,
       coalesce(n.occurred, n.created) as occurred`,
    [desk, leaseMs / 1_000],
  );
  const mails = taken.rows.map(({ body: text, created, occurred, ...row }) => ({
    ...row,
    text,
    createdMs: created.getTime(),
    occurredMs: occurred.getTime(),
  }));
  return mails.toSorted((one, other) => rankOf(one) - rankOf(other) || Number(one.id) - Number(other.id));
}

const rankOf = ({ severity }: Mail): number => (severity === 'critical' ? 0 : 1);

/** Returns mail that was taken but not tried. */
export async function giveBack(pool: Queries, ids: readonly string[]): Promise<void> {
  await pool.query(
    `update mail_outbox set state = 'pending', attempts = attempts - 1, next_attempt = now() where id = any($1::bigint[])`,
    [ids],
  );
}

export async function markMailed(pool: Queries, id: string, reply: string): Promise<void> {
  await pool.query(
    `update mail_outbox set state = 'sent', finished = now(), tried = now(), reply = $2 where id = $1`,
    [id, reply],
  );
}

/** Schedules another attempt after `afterMs`. */
export async function mailLater(pool: Queries, id: string, afterMs: number, reply: string): Promise<void> {
  await pool.query(
    `update mail_outbox set state = 'pending', tried = now(), next_attempt = now() + make_interval(secs => $2), reply = $3
      where id = $1`,
    [id, afterMs / 1_000, reply],
  );
}

/** Never tried again. */
export async function markMailRefused(pool: Queries, id: string, reply: string): Promise<void> {
  await pool.query(
    `update mail_outbox set state = 'refused', finished = now(), tried = now(), reply = $2 where id = $1`,
    [id, reply],
  );
}

/** Gives up mail that is days old. Returns how many. */
export async function giveUpOldMail(pool: Queries, desk: string): Promise<number> {
  const old = await pool.query(
    `update mail_outbox o set state = 'given_up', finished = now() from notice n
      where n.id = o.notice_id and o.desk = $1 and o.state in ('pending', 'sending')
        and n.created < now() - make_interval(days => ${UNDELIVERED_DAYS_MAX})`,
    [desk],
  );
  return old.rowCount ?? 0;
}

interface AddressStanding {
  readonly address: string;
  readonly state: DeliveryState['state'];
  readonly reply: string;
}

/** The outcome of the newest attempt for each of these addresses that had one. */
export async function newestOfAddresses(
  pool: Queries,
  desk: string,
  addresses: readonly string[],
): Promise<readonly AddressStanding[]> {
  const found = await pool.query<AddressStanding>(
    `select distinct on (address) address, state, reply from mail_outbox
      where desk = $1 and address = any($2::text[]) and tried is not null order by address, tried desc, id desc`,
    [desk, addresses],
  );
  return found.rows;
}

/** Mail that waits, and mail refused or given up within a day; tests are not counted. */
export async function undeliveredMail(
  pool: Queries,
  desk: string,
): Promise<{ readonly waiting: number; readonly refused: number }> {
  const found = await pool.query<{ waiting: string; refused: string }>(
    `select count(*) filter (where o.state in ('pending', 'sending')) as waiting,
       count(*) filter (where o.state in ('refused', 'given_up') and o.finished > now() - interval '1 day') as refused
     from mail_outbox o join notice n on n.id = o.notice_id where o.desk = $1 and n.event <> $2`,
    [desk, MAIL_TEST_EVENT],
  );
  const [row] = found.rows;
  return { waiting: Number(row?.waiting ?? 0), refused: Number(row?.refused ?? 0) };
}

/** For one notice, by fingerprint; empty until the mailer picks it up. */
export async function mailsOf(
  pool: Queries,
  desk: string,
  fingerprint: string,
): Promise<readonly DeliveryState[]> {
  const found = await pool.query<{ state: DeliveryState['state']; finished: Date | null; reply: string }>(
    `select o.state, o.finished, o.reply from mail_outbox o join notice n on n.id = o.notice_id
      where n.desk = $1 and n.fingerprint = $2 order by o.id`,
    [desk, fingerprint],
  );
  return found.rows.map(({ state, finished, reply }) => ({
    ...{ state, finished: finished !== null, arrived: state === 'sent', reason: reply },
  }));
}

/** The delivery of one routine run's results, as far as it got. */
export interface ResultsMailed {
  readonly ended: boolean;
  /** Their notice was written. */
  readonly told: boolean;
  readonly addressed: number;
  readonly sent: number;
  /** The server's last answer to a mail that was not sent; null: none. */
  readonly reply: string | null;
}

interface SummaryDue {
  readonly desk: string;
  readonly routine: string;
  readonly nominalMs: number;
  /** When the routine is due after that: what people run by hand until then makes up for this one. */
  readonly nextMs: number;
}

/**
 * One for each run of a routine due at this time, then for those that people ran after it. Their notices' fingerprints
 * begin with `resultsOf(workflowId)`.
 */
export async function resultsMailed(
  pool: Queries,
  { desk, routine, nominalMs, nextMs }: SummaryDue,
  resultsOf: (workflowId: string) => string,
): Promise<readonly ResultsMailed[]> {
  const runs = await pool.query<{ workflow_id: string; ended: boolean }>(
    `select workflow_id, bool_or(finished is not null) as ended from routine_run
      where desk = $1 and routine = $2
        and (nominal = $3 or (cause = 'person' and nominal > $3 and nominal < $4))
      group by workflow_id order by min(nominal), workflow_id`,
    [desk, routine, new Date(nominalMs), new Date(nextMs)],
  );
  const mailed = runs.rows.map(({ workflow_id: id }) => mailedOf(pool, desk, resultsOf(id)));
  return (await Promise.all(mailed)).map((of, at) => ({ ended: runs.rows[at]?.ended === true, ...of }));
}

async function mailedOf(pool: Queries, desk: string, prefix: string): Promise<Omit<ResultsMailed, 'ended'>> {
  const found = await pool.query<{ told: string; addressed: string; sent: string; reply: string | null }>(
    `select count(distinct n.id) as told, count(o.id) as addressed,
       count(o.id) filter (where o.state = 'sent') as sent,
       (array_agg(o.reply order by o.tried desc nulls last) filter (where o.state <> 'sent' and o.reply <> ''))[1] as reply
     from notice n left join mail_outbox o on o.notice_id = n.id
     where n.desk = $1 and starts_with(n.fingerprint, $2)`,
    [desk, prefix],
  );
  const [row] = found.rows;
  return {
    told: Number(row?.told ?? 0) > 0,
    addressed: Number(row?.addressed ?? 0),
    sent: Number(row?.sent ?? 0),
    reply: row?.reply ?? null,
  };
}

/** When a server last accepted a mail; null: never, as far as is known. */
export async function lastMailedMs(pool: Queries, desk: string): Promise<number | null> {
  const found = await pool.query<{ last: Date | null }>(
    `select max(finished) as last from mail_outbox where desk = $1 and state = 'sent'`,
    [desk],
  );
  return found.rows[0]?.last?.getTime() ?? null;
}
