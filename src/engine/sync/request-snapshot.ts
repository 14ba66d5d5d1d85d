/** Asking the venue what it has. One question is open at a time; all that is wanted meanwhile is one question after it. */
import type { Core } from '../core.js';
import { earliest } from '../orders/order-watch.js';
import { FILL_OVERLAP_MARKET_MS, retryDelayMs } from '../timing.js';
import { movementsSince } from './reconcile-cash.js';

const PATIENCE_MAX = 8;

export function sendSnapshotRequest(core: Core): void {
  const { sync, state, config } = core;
  sync.wanted = false;
  sync.dueAtMs = null;
  sync.lastRequestId += 1;
  // Flat is proven without what moved cash: lists of it take a dozen requests more, and other readings ask for them.
  const isProof = core.closing.proofFromRequest === sync.lastRequestId;
  const asksMovements = sync.cash.suspected !== null && !isProof;
  sync.outstanding = {
    requestId: sync.lastRequestId,
    byMs: core.monotonicMs + config.closeAll.answerTimeoutMs * patience(sync.attempts),
    newestFillMs: state.newestFillMs,
    activity: core.work.map((work) => work.activity),
    asksMovements,
    isProof,
  };
  const since = state.fillsThroughMs - FILL_OVERLAP_MARKET_MS;
  core.effects.push({
    kind: 'requestSnapshot',
    requestId: sync.lastRequestId,
    sinceTradeMs: Math.max(0, state.fillHorizonMs, since),
    ...(asksMovements ? { movementsSinceMs: movementsSince(core) } : {}),
  });
}

/**
 * For what may mean that our book is wrong but comes in numbers: several causes share one reading, and a reading that is
 * under way is waited for. A venue's allowance for readings is what flat is proven with in the end.
 */
export function readSoon(core: Core, afterMs: number): void {
  core.sync.dueAtMs = earliest(core.sync.dueAtMs, core.monotonicMs + afterMs);
}

/** No answer to a reading counts that comes later than this. */
export function longestReadingMs(answerTimeoutMs: number): number {
  return answerTimeoutMs * PATIENCE_MAX;
}

/** A venue that is slow for long is given more time: readings that always come late would never count. */
function patience(attempts: number): number {
  return Math.min(PATIENCE_MAX, 2 ** attempts);
}

/** No answer, or none that can be believed: asked again, later each time. */
export function snapshotFailed(core: Core, requestId: number, why: string): void {
  const { sync } = core;
  if (sync.outstanding?.requestId !== requestId) return;
  sync.outstanding = null;
  // Whoever wanted another one waits as long: a venue that refuses at once is not asked again at once.
  sync.wanted = false;
  sync.state = 'failed';
  noteUnsettled(core, why);
  sync.dueAtMs = core.monotonicMs + retryDelayMs(sync.attempts);
  sync.attempts += 1;
}

/** The newest reason counts, and the oldest time. */
export function noteUnsettled({ sync, monotonicMs }: Core, why: string): void {
  sync.unsettled = { sinceMs: sync.unsettled?.sinceMs ?? monotonicMs, why };
}
