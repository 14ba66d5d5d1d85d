/**
 * Whether a tick has nothing to do, which nearly all have: nothing is due, late, stale, held back or at a limit, and every
 * instrument is at rest. Whoever adds a duty to `onTick` or `settle` says here when it has nothing to do;
 * `test/backtest/shortcuts.test.ts` compares both.
 */
import { staleMsOf } from '../../limits/stale-data.js';
import type { Core } from '../core.js';
import type { Stamp } from '../event.js';
import { watchDueMs } from '../orders/order-watch.js';
import { isAtRest } from './at-rest.js';
import { isBeyondAStop } from './secure.js';

/** True only if a whole tick would change nothing but the time. */
export function isQuiet(core: Core, { marketMs, monotonicMs }: Stamp): boolean {
  const { state, sync } = core;
  return (
    core.begun &&
    marketMs >= core.marketMs &&
    marketMs < core.nextMinuteMs &&
    marketMs < core.sessionsUntilMs &&
    state.closeAll === 'idle' &&
    state.signals.size === 0 &&
    state.unvaluedFees.length === 0 &&
    core.unshownFills.length === 0 &&
    core.editedSignals.size === 0 &&
    core.venueDownSinceMs === null &&
    sync.unsettled === null &&
    sync.outstanding === null &&
    !sync.wanted &&
    (sync.dueAtMs === null || sync.dueAtMs > monotonicMs) &&
    core.market.equity > core.limits.watchedFloor &&
    !core.guard.holdsBack &&
    isNoOrderDue(core, monotonicMs) &&
    isEveryInstrumentAtRest(core, monotonicMs)
  );
}

function isNoOrderDue({ watches, state }: Core, monotonicMs: number): boolean {
  for (const [clientId, watch] of watches) {
    const dueMs = watchDueMs(watch);
    if ((dueMs !== null && dueMs <= monotonicMs) || !state.orders.has(clientId)) return false;
  }
  return true;
}

function isEveryInstrumentAtRest(core: Core, monotonicMs: number): boolean {
  const staleMs = staleMsOf(core.config.risk);
  for (const { id } of core.config.instruments) {
    const ageMs = core.market.quoteAgeMs(id, monotonicMs);
    const isFresh = ageMs !== null && ageMs <= staleMs;
    if (!isFresh || core.work[id]?.overrunSinceMs !== null || !isAtRest(core, id)) return false;
    if (isBeyondAStop(core, id)) return false;
  }
  return true;
}
