/** Asking the venue what it has. One question is open at a time; a newer one takes its place. */
import type { Core } from '../core.js';
import { FILL_OVERLAP_MARKET_MS, retryDelayMs } from '../timing.js';

export function sendSnapshotRequest(core: Core): void {
  const { sync, state, config } = core;
  sync.wanted = false;
  sync.dueAtMs = null;
  sync.lastRequestId += 1;
  sync.outstanding = {
    requestId: sync.lastRequestId,
    byMs: core.wallMs + config.closeAll.answerTimeoutMs,
    newestFillMs: state.newestFillMs,
    activity: core.work.map((work) => work.activity),
  };
  const since = state.fillsThroughMs - FILL_OVERLAP_MARKET_MS;
  core.effects.push({
    kind: 'requestSnapshot',
    requestId: sync.lastRequestId,
    sinceTradeMs: Math.max(0, since),
  });
}

/** No answer, or none that can be believed: asked again, later each time. */
export function snapshotFailed(core: Core, requestId: number): void {
  const { sync } = core;
  if (sync.outstanding?.requestId !== requestId) return;
  sync.outstanding = null;
  sync.state = 'failed';
  sync.dueAtMs = core.wallMs + retryDelayMs(sync.attempts);
  sync.attempts += 1;
}
