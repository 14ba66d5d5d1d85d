/**
 * The end of every event that may have changed something. It looks at the present state, not at what happened, and
 * does what is due. A round may mark instruments again (a halt cancels entries everywhere); the number of rounds is
 * bounded.
 */
import type { Core } from '../core.js';
import { valueOpenFees } from '../orders/fee-value.js';
import { sendSnapshotRequest } from '../sync/request-snapshot.js';
import { advance } from './advance.js';
import { haltOnLoss } from './equity.js';
import { proveFlat } from './prove-flat.js';

/** A halt while advancing, and another one caused by it; nothing causes more rounds than this. */
const ROUNDS_MAX = 6;

export function settle(core: Core): void {
  if (core.state.unvaluedFees.length > 0) valueOpenFees(core);
  haltOnLoss(core); // a fill's fee can reach a loss limit between two quotes
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    advanceTouched(core);
    proveFlat(core);
    if (!isTouched(core)) break;
  }
  if (core.sync.wanted && core.sync.outstanding === null) sendSnapshotRequest(core);
}

function advanceTouched(core: Core): void {
  const { work } = core;
  for (let instrument = 0; instrument < work.length; instrument += 1) {
    const one = work[instrument];
    if (one === undefined || !one.touched) continue;
    one.touched = false;
    advance(core, instrument);
  }
}

function isTouched({ work }: Core): boolean {
  for (const one of work) if (one.touched) return true;
  return false;
}
