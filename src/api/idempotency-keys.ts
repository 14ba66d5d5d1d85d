/**
 * One key, one request: for two days the same key with the same body gets the same answer; with another body
 * it is refused. Answers are stored in memory and in Postgres; while Postgres is slow or down, only memory counts,
 * because an emergency never waits for a database. Only successful answers are stored, so that a failure can
 * be retried with its key.
 */
import { createHash } from 'node:crypto';
import { DAY_MS } from '../domain/civil-date.js';
import { type OperationResult, outcomeSchema } from '../operations/operation.js';
import { KEY_DAYS, type KeyedRequest, type KeyState } from '../store/idempotency.js';

const KEYS_MAX = 1000;
const STORE_WAIT_MS = 250;

/** Where keys outlive this process. Each method may reject: then only memory counts. */
export interface KeyStore {
  take(request: KeyedRequest): Promise<KeyState>;
  keep(request: KeyedRequest, answer: OperationResult): Promise<void>;
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
