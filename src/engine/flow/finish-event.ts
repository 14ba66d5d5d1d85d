/**
 * Ends every event that may have changed something. Acts on the current state, not on what happened, and does
 * what is due. A round may mark instruments again (a halt cancels entries everywhere); the number of rounds
 * is bounded.
 */
import type { Core } from '../core.js';
import { valueOpenFees } from '../orders/fee-value.js';
import { sendSnapshotRequest } from '../sync/request-snapshot.js';
import { advance } from './advance.js';
import { haltOnLoss } from './equity.js';
import { proveFlat } from './prove-flat.js';

/** Enough for a halt while advancing and another one that it causes; nothing causes more rounds. */
const ROUNDS_MAX = 6;

export function finishEvent(core: Core): void {
  if (core.state.unvaluedFees.length > 0) valueOpenFees(core);
  haltOnLoss(core); // a fill's fee can reach a loss limit between two quotes
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    advanceChanged(core);
    proveFlat(core);
    if (!anyChanged(core)) break;
  }
  if (core.sync.wanted && core.sync.outstanding === null) sendSnapshotRequest(core);
}

function advanceChanged(core: Core): void {
  const { progress, changed } = core;
  let instrument = changed.from;
  changed.from = progress.length;
  // One that is marked meanwhile is advanced too, if it comes later.
  for (; instrument < changed.until; instrument += 1) {
    const one = progress[instrument];
    if (one === undefined || !one.changed) continue;
    one.changed = false;
    advance(core, instrument);
  }
  if (changed.from === progress.length) changed.until = 0;
}

function anyChanged({ progress, changed: { from, until } }: Core): boolean {
  for (let instrument = from; instrument < until; instrument += 1)
    if (progress[instrument]?.changed === true) return true;
  return false;
}
