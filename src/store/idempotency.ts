/** A request with an idempotency key is carried out once; the same request again gets the first answer. */
import type { Pool } from './pool.js';

export interface KeyedRequest {
  readonly desk: string;
  readonly key: string;
  readonly person: string;
  /** Hash of method, path and body: the same key for another request is the caller's mistake. */
  readonly requestHash: string;
}

export type KeyState =
  | { readonly state: 'new' }
  | { readonly state: 'answered'; readonly status: number; readonly answer: unknown }
  /** Taken, but not answered yet. */
  | { readonly state: 'running' }
  | { readonly state: 'other-request' };

interface KeyRow {
  readonly request_hash: string;
  readonly status: number | null;
  readonly answer: unknown;
}

/** A request without an answer for this long died with its process: it may be tried again. */
const RUNNING_SECONDS_MAX = 120;

/** How long a key stands for its request; then it is a new one. */
export const KEY_DAYS = 2;

/** Takes the key if nobody has it. */
export async function takeIdempotencyKey(pool: Pool, request: KeyedRequest): Promise<KeyState> {
  const { desk, key, person, requestHash } = request;
  const taken = await pool.query(
    `insert into idempotency (desk, key, person, request_hash) values ($1, $2, $3, $4)
     on conflict (desk, key, person) do update
       set created = now(), request_hash = excluded.request_hash, status = null, answer = null
       where idempotency.created < now() - make_interval(days => $6)
         or idempotency.request_hash = excluded.request_hash and idempotency.status is null
           and idempotency.created < now() - make_interval(secs => $5)
     returning key`,
    [desk, key, person, requestHash, RUNNING_SECONDS_MAX, KEY_DAYS],
  );
  if (taken.rowCount === 1) return { state: 'new' };
  const found = await pool.query<KeyRow>(
    'select request_hash, status, answer from idempotency where desk = $1 and key = $2 and person = $3',
    [desk, key, person],
  );
  const row = found.rows[0];
  // Deleted between the two statements: its owner failed and gave it up.
  if (!row) return { state: 'running' };
  if (row.request_hash !== requestHash) return { state: 'other-request' };
  return row.status === null
    ? { state: 'running' }
    : { state: 'answered', status: row.status, answer: row.answer };
}

export async function keepAnswer(
  pool: Pool,
  request: KeyedRequest,
  status: number,
  answer: unknown,
): Promise<void> {
  await pool.query(
    'update idempotency set status = $4, answer = $5 where desk = $1 and key = $2 and person = $3',
    [request.desk, request.key, request.person, status, JSON.stringify(answer)],
  );
  // Nobody repeats a request after so long, and the table must not grow forever.
  await pool.query('delete from idempotency where created < now() - make_interval(days => $1)', [KEY_DAYS]);
}

/** Called after a failure that the caller may repeat. */
export async function giveUpKey(pool: Pool, request: KeyedRequest): Promise<void> {
  await pool.query(
    'delete from idempotency where desk = $1 and key = $2 and person = $3 and status is null',
    [request.desk, request.key, request.person],
  );
}
