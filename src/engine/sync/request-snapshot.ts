/** Requests a snapshot from the venue. One request is open at a time; later ones share the next. */
import { DAY_MS } from '../../domain/civil-date.js';
import type { Core } from '../core.js';
import { feesAwaited } from '../orders/fee-value.js';
import { earliest } from '../orders/order-watch.js';
import { FILL_OVERLAP_MARKET_MS, retryDelayMs } from '../timing.js';
import { movementsSince } from './reconcile-cash.js';

const PATIENCE_MAX = 8;

export function sendSnapshotRequest(core: Core): void {
  const { sync, state, config } = core;
  sync.wanted = false;
  sync.dueAtMs = null;
  sync.lastRequestId += 1;
  // Proving flat needs no cash movements: their lists take a dozen more requests, and other snapshots request
  // them.
  const isProof = core.closing.proofFromRequest === sync.lastRequestId;
  const asksMovements = sync.cash.suspected !== null && !isProof;
  sync.outstanding = {
    requestId: sync.lastRequestId,
    byMs: core.monotonicMs + config.closeAll.answerTimeoutMs * patience(sync.attempts),
    newestFillMs: state.newestFillMs,
    activity: core.progress.map((progress) => progress.activity),
    asksMovements,
    isProof,
  };
  const [unpriced] = feesAwaited(core, core.marketMs - DAY_MS);
  const since = Math.max(state.fillHorizonMs, state.fillsThroughMs - FILL_OVERLAP_MARKET_MS);
  core.effects.push({
    kind: 'requestSnapshot',
    requestId: sync.lastRequestId,
    sinceTradeMs: Math.max(0, Math.min(since, unpriced?.marketMs ?? since)),
    ...(asksMovements ? { movementsSinceMs: movementsSince(core) } : {}),
  });
}

/**
 * For frequent causes that may mean our books are wrong: they share one snapshot, and wait for one under way.
 * The allowance for snapshots must last for proving flat.
 */
export function readSoon(core: Core, afterMs: number): void {
  core.sync.dueAtMs = earliest(core.sync.dueAtMs, core.monotonicMs + afterMs);
}

/** An answer that takes longer than this does not count. */
export function longestReadingMs(answerTimeoutMs: number): number {
  return answerTimeoutMs * PATIENCE_MAX;
}

/** A slow venue gets more time with each attempt; otherwise its answers would never count. */
function patience(attempts: number): number {
  return Math.min(PATIENCE_MAX, 2 ** attempts);
}

/** No answer, or none that can be trusted: ask again, at growing intervals. */
export function snapshotFailed(core: Core, requestId: number, why: string): void {
  const { sync } = core;
  if (sync.outstanding?.requestId !== requestId) return;
  sync.outstanding = null;
  // Other requests must wait as well: a venue that refuses at once must not be queried again at once.
  sync.wanted = false;
  sync.state = 'failed';
  noteUnsettled(core, why);
  sync.dueAtMs = core.monotonicMs + retryDelayMs(sync.attempts);
  sync.attempts += 1;
}

/** Keeps the newest reason and the oldest time. */
export function noteUnsettled({ sync, monotonicMs }: Core, why: string): void {
  sync.unsettled = { sinceMs: monotonicMs, ...sync.unsettled, why };
}
