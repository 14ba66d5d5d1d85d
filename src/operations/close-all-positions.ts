import { proveFlat } from '../activities/engine/prove-flat.js';
import { carryOutEmergency } from './emergency-request.js';
import type { Caller, EmergencyRequest, OperationContext, OperationResult } from './operation.js';

/** At its deadline the trader escalates by name; the extra time is for reading that. */
const AFTER_DEADLINE_MS = 5_000;

/** Halts, cancels, closes every position. Proven when the venue itself reports that nothing is left. */
export function closeAllPositions(
  context: OperationContext,
  caller: Caller,
  request: EmergencyRequest,
): Promise<OperationResult> {
  return carryOutEmergency(context, caller, request, {
    kind: 'closeAll',
    proofMs: context.desk.closeAll.deadlineSeconds * 1_000 + AFTER_DEADLINE_MS,
    prove: async (patienceMs) => {
      const reading = await proveFlat(context.trader, patienceMs);
      const left =
        reading.open.length > 0 ? `still open: ${reading.open.join(', ')}` : 'the venue reports no position';
      return {
        proven: reading.proven,
        haltId: reading.haltId,
        detail: `${reading.mode}, ${left}, ${reading.entriesWorking} entry orders work`,
      };
    },
  });
}
