/**
 * One key, one request: for two days the same key with the same body gets the same answer; with another body
 * it is refused. Answers are stored in memory and in Postgres; while Postgres is slow or down, only memory counts,
 * because an emergency never waits for a database. Only successful answers are stored, so that a failure can
 * be retried with its key.
 */
import { createHash } from 'node:crypto';
import { DAY_MS } from '../domain/civil-date.js';
import { type OperationResult, outcomeSchema } from '../operations/operation.js';
import type { Pool } from '../store/pool.js';

/** How long a key stands for its request; then it is a new one. */
const KEY_DAYS = 2;
const KEYS_MAX = 1000;
const STORE_WAIT_MS = 250;

export interface KeyedRequest {
  readonly desk: string;
  readonly key: string;
  readonly person: string;
  /** Hash of method, path and body: the same key for another request is the caller's mistake. */
  readonly requestHash: string;
}

type KeyState =
  | { readonly state: 'new' }
  | { readonly state: 'answered'; readonly answer: unknown }
  /** Taken, but not answered yet. */
  | { readonly state: 'running' }
  | { readonly state: 'other-request' };

/** Where keys outlive this process. Each method may reject: then only memory counts. */
export interface KeyStore {
  /** Takes the key if nobody has it. */
  take(request: KeyedRequest): Promise<KeyState>;
  keep(request: KeyedRequest, answer: OperationResult): Promise<void>;
  /** Called after a failure that the caller may repeat. */
  giveUp(request: KeyedRequest): Promise<void>;
  /** How long a request waits for the store, in milliseconds; by default a quarter of a second. */
  readonly waitMs?: number;
}

export type KeyedAnswer =
  | { readonly kind: 'new' | 'replayed'; readonly outcome: OperationResult }
  /** The key belongs to another request. */
  | { readonly kind: 'conflict' }
  /** Another process is carrying out the same request, or died during it a moment ago. */
  | { readonly kind: 'running' };

interface Kept {
  readonly requestHash: string;
  readonly takenMs: number;
  readonly answer: Promise<KeyedAnswer>;
}

type Work = () => Promise<OperationResult>;

export class IdempotencyKeys {
  readonly #kept = new Map<string, Kept>();

  constructor(
    private readonly store: KeyStore,
    private readonly nowMs: () => number,
  ) {}

  /** For actions that must not happen twice (close-all, resume). Rejects as `work` does. */
  async once(request: KeyedRequest, work: Work): Promise<KeyedAnswer> {
    const known = this.#find(request);
    if (known !== undefined) return replay(request, known);
    return this.#remember(request, this.#claimAndWork(request, work));
  }

  /** For a stop: it is under way already, whatever the key; only the answer stays the same. Rejects as `underWay` does. */
  async always(request: KeyedRequest, underWay: Promise<OperationResult>): Promise<KeyedAnswer> {
    const known = this.#find(request);
    const outcome = await underWay;
    const before = await (known === undefined
      ? this.#remember(
          request,
          this.#claimAndWork(request, async () => outcome),
        )
      : replay(request, known));
    if (before.kind === 'running') return { kind: 'new', outcome };
    if (before.kind === 'conflict' || known === undefined) return before;
    const same = before.outcome.ok === outcome.ok && before.outcome.proven === outcome.proven;
    return same ? before : { kind: 'new', outcome };
  }

  #find(request: KeyedRequest): Kept | undefined {
    const known = this.#kept.get(name(request));
    return known !== undefined && this.nowMs() - known.takenMs < KEY_DAYS * DAY_MS ? known : undefined;
  }

  async #claimAndWork(request: KeyedRequest, work: Work): Promise<KeyedAnswer> {
    const claim = await within(this.#waitMs, this.store.take(request), { state: 'new' } as const);
    if (claim.state === 'other-request') return { kind: 'conflict' };
    if (claim.state === 'running') return { kind: 'running' };
    if (claim.state === 'answered') return { kind: 'replayed', outcome: outcomeSchema.parse(claim.answer) };
    const outcome = await work().catch(async (error: unknown) => {
      await this.#giveUp(request);
      throw error;
    });
    // Not awaited: while the database is away, the answer is in memory.
    if (outcome.ok) void this.store.keep(request, outcome).catch(() => undefined);
    else await this.#giveUp(request);
    return { kind: 'new', outcome };
  }

  /** Awaited, within a time limit: a client that learns of a failure may retry at once. */
  async #giveUp(request: KeyedRequest): Promise<void> {
    await within(this.#waitMs, this.store.giveUp(request), undefined);
  }

  get #waitMs(): number {
    return this.store.waitMs ?? STORE_WAIT_MS;
  }

  async #remember(request: KeyedRequest, running: Promise<KeyedAnswer>): Promise<KeyedAnswer> {
    const kept = { requestHash: request.requestHash, takenMs: this.nowMs(), answer: running };
    this.#kept.delete(name(request)); // so that the first one of the map is the oldest
    this.#kept.set(name(request), kept);
    if (this.#kept.size > KEYS_MAX) {
      const oldest = this.#kept.keys().next().value;
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    let worthKeeping = false;
    try {
      const answer = await running;
      worthKeeping = 'outcome' in answer && answer.outcome.ok;
      return answer;
    } finally {
      if (!worthKeeping) this.#kept.delete(name(request));
    }
  }
}

async function replay(request: KeyedRequest, known: Kept): Promise<KeyedAnswer> {
  if (known.requestHash !== request.requestHash) return { kind: 'conflict' };
  const answer = await known.answer;
  return 'outcome' in answer ? { kind: 'replayed', outcome: answer.outcome } : answer;
}

/** Resolves with `otherwise` if the promise rejects or takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), milliseconds);
  });
  return Promise.race([promise.catch(() => otherwise), late]).finally(() => clearTimeout(timer));
}

const name = ({ desk, person, key }: KeyedRequest): string => JSON.stringify([desk, person, key]);

/** Hash of everything that makes two requests the same. */
export function requestHash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

interface KeyRow {
  readonly request_hash: string;
  readonly status: number | null;
  readonly answer: unknown;
}

/** A request without an answer for this long died with its process: it may be tried again. */
const RUNNING_SECONDS_MAX = 120;
/** The HTTP status of what is stored: failures are not. */
const STATUS = 200;

export const keysInPostgres = (pool: Pool) => ({
  take: (request: KeyedRequest) => takeKey(pool, request),
  keep: (request: KeyedRequest, answer: object) => keepAnswer(pool, request, answer),
  giveUp: async ({ desk, key, person }: KeyedRequest): Promise<void> => {
    await pool.query(
      'delete from idempotency where desk = $1 and key = $2 and person = $3 and status is null',
      [desk, key, person],
    );
  },
});

async function takeKey(pool: Pool, { desk, key, person, requestHash }: KeyedRequest): Promise<KeyState> {
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
  return row.status === null ? { state: 'running' } : { state: 'answered', answer: row.answer };
}

async function keepAnswer(pool: Pool, { desk, key, person }: KeyedRequest, answer: object): Promise<void> {
  await pool.query(
    'update idempotency set status = $4, answer = $5 where desk = $1 and key = $2 and person = $3',
    [desk, key, person, STATUS, JSON.stringify(answer)],
  );
  // Nobody repeats a request after so long, and the table must not grow forever.
  await pool.query('delete from idempotency where created < now() - make_interval(days => $1)', [KEY_DAYS]);
}
