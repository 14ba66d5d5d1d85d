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
    if (!core.work.some((work) => work.touched)) break;
  }
  if (core.sync.wanted && core.sync.outstanding === null) sendSnapshotRequest(core);
}

function advanceTouched(core: Core): void {
  core.work.forEach((work, instrument) => {
    if (!work.touched) return;
    work.touched = false;
    advance(core, instrument);
  });
}
