/**
 * Follows the trader's journal for ever: through trader restarts, an unavailable database, and a new journal.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FollowedEntry } from '../contracts/control.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { moneyAtStake } from '../domain/account-name.js';
import { backoffMs } from '../domain/backoff.js';
import { DecimalError } from '../domain/decimal.js';
import { counted } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { appendAudit } from '../store/audit.js';
import type { Pool } from '../store/pool.js';
import type { TraderClient } from '../trader/client.js';
import { endsGroup } from '../trader/journal/followed-group.js';
import { applyBatch, type LedgerDesk, readCursor } from './apply-batch.js';
import { LedgerMismatch } from './project/projection.js';

const BATCH_ENTRIES = 500;
const QUEUE_ENTRIES_MAX = 5_000;
const STATUS_TIMEOUT_MS = 5_000;
const BACKOFF = { firstMs: 100, mostMs: 5_000 };
/** How soon it tries again after a mismatch. Nothing changes until a person acts. */
const MISMATCH_PAUSE_MS = 30_000;

interface FollowOptions {
  readonly desk: string;
  readonly pool: Pool;
  readonly trader: TraderClient;
  readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
  readonly mismatchPauseMs?: number;
}

export interface JournalFollower {
  /** The ledger holds everything up to and including this entry. Null: nothing yet. */
  readonly position: () => { readonly incarnation: string; readonly sequence: number } | null;
  stop(): Promise<void>;
}

export function followJournal(options: FollowOptions): JournalFollower {
  const stopping = new AbortController();
  const state: FollowState = { position: null, mismatch: null };
  const done = followForEver(options, state, stopping.signal);
  return {
    position: () => state.position,
    stop: async () => {
      stopping.abort(new Error('the ledger is stopping'));
      await done;
    },
  };
}

interface FollowState {
  position: { readonly incarnation: string; readonly sequence: number } | null;
  /** The mismatch that was last recorded and halted for, so that each one halts once. */
  mismatch: string | null;
}

async function followForEver(
  options: FollowOptions,
  state: FollowState,
  stopping: AbortSignal,
): Promise<void> {
  let failures = 0;
  let said = '';
  while (!stopping.aborted) {
    const before = state.position?.sequence;
    let pauseMs = 0;
    try {
      await followOnce(options, state, stopping);
    } catch (error) {
      if (stopping.aborted) return;
      if (isMismatch(error)) {
        await haltFor(options, state, error);
        pauseMs = options.mismatchPauseMs ?? MISMATCH_PAUSE_MS;
      } else if (!(error instanceof QueueFull)) {
        const text = messageOf(error);
        // Once per outage, not once per attempt.
        if (text !== said) options.log('warn', `the ledger waits: ${text}`);
        said = text;
        failures = state.position?.sequence === before ? failures + 1 : 1;
        pauseMs = backoffMs(failures, BACKOFF);
      }
    }
    await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

/** Never resolves. Rejects when the stream ends, the database fails, or something does not match. */
async function followOnce(options: FollowOptions, state: FollowState, stopping: AbortSignal): Promise<void> {
  const { desk, pool, trader } = options;
  const status = await trader.call('status', {}, { timeoutMs: STATUS_TIMEOUT_MS });
  // Until then it can't say whether its money and prices are real, nor which journal it will write.
  if (status.starting === true) throw new Error('the trader is starting');
  const cursor = await readCursor(pool, desk, status.incarnation);
  if (cursor.sequence > status.sequence) {
    throw new LedgerMismatch(
      `the ledger holds ${counted(cursor.sequence, 'entry', 'entries')} of journal ${status.incarnation}, and the trader has only ${status.sequence}`,
    );
  }
  state.position = { incarnation: status.incarnation, sequence: cursor.sequence };
  const queue = new EntryQueue(QUEUE_ENTRIES_MAX);
  const stream = trader.follow(
    cursor.sequence + 1,
    (entry) => {
      if (!queue.push(entry)) stream.close();
    },
    (error) => queue.close(error),
  );
  const onStop = (): void => queue.close(new Error('the ledger is stopping'));
  stopping.addEventListener('abort', onStop, { once: true });
  try {
    for (;;) await applyNext(pool, ledgerDesk(desk, status), queue, state);
  } finally {
    stopping.removeEventListener('abort', onStop);
    stream.close();
  }
}

async function applyNext(
  pool: Pool,
  ledger: LedgerDesk,
  queue: EntryQueue,
  state: FollowState,
): Promise<void> {
  const entries = await queue.take(BATCH_ENTRIES);
  const cursor = await applyBatch(pool, ledger, entries);
  state.position = { incarnation: entries[0]?.incarnation ?? '', sequence: cursor.sequence };
  state.mismatch = null;
}

export function ledgerDesk(desk: string, status: TraderStatus): LedgerDesk {
  const { trading, account, marketData } = status;
  return { desk, simulated: moneyAtStake(trading, account.name) !== 'real money' || marketData.simulated };
}

/** Impossible numbers are as bad as hashes that don't match; an unavailable database is neither. */
function isMismatch(error: unknown): error is Error {
  return error instanceof LedgerMismatch || error instanceof RangeError || error instanceof DecimalError;
}

/** The desk must not trade while its ledger can't follow. If a person resumes anyway, it halts again. */
async function haltFor(options: FollowOptions, state: FollowState, error: Error): Promise<void> {
  const { desk, pool, trader, log } = options;
  const reason = `the ledger does not match the journal: ${error.message}`;
  try {
    const { mode } = await trader.call('status', {}, { timeoutMs: STATUS_TIMEOUT_MS });
    if (state.mismatch === error.message && mode !== 'ACTIVE' && mode !== 'REDUCING') return;
    log('error', reason);
    const commandId = `ledger-${randomUUID()}`;
    const resume = 'person' as const;
    await trader.call('halt', { commandId, by: 'ledger', reason, cause: 'ledger-mismatch', resume });
    state.mismatch = error.message;
    const entry = {
      desk,
      person: 'ledger',
      via: 'ledger',
      action: 'halt' as const,
      parameters: { reason },
      outcome: 'halted',
    };
    await appendAudit(pool, { ...entry, idempotencyKey: commandId });
  } catch (failure) {
    log(
      'error',
      `${reason}; the halt could not be delivered yet: ${failure instanceof Error ? failure.message : failure}`,
    );
  }
}

/**
 * Buffers between the socket, which pushes, and the database, which is sometimes slower. Bounded: it closes when
 * full.
 */
class EntryQueue {
  readonly #entries: FollowedEntry[] = [];
  #closed: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(private readonly entriesMax: number) {}

  /** False once the queue accepts no more: it is full or closed. */
  push(entry: FollowedEntry): boolean {
    if (this.#closed) return false;
    this.#entries.push(entry);
    this.#wake?.();
    if (this.#entries.length < this.entriesMax) return true;
    this.close(new QueueFull());
    return false;
  }

  close(why: Error): void {
    this.#closed ??= why;
    this.#wake?.();
  }

  /**
   * Waits for whole commit groups: as many as fit into `count` entries, at least one. Once the queue is closed and
   * empty, rejects with the reason.
   */
  async take(count: number): Promise<readonly FollowedEntry[]> {
    let whole = this.#wholeGroups(count);
    while (whole === 0) {
      if (this.#closed) throw this.#closed;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
      whole = this.#wholeGroups(count);
    }
    return this.#entries.splice(0, whole);
  }

  /** Number of entries in the whole groups at the front. */
  #wholeGroups(count: number): number {
    const last = this.#entries.findLastIndex((entry, at) => at < count && endsGroup(entry));
    return last === -1 ? this.#entries.findIndex(endsGroup) + 1 : last + 1;
  }
}

/** What was queued is still applied; then the stream is requested again from there. */
class QueueFull extends Error {
  override readonly name = 'QueueFull';
}
