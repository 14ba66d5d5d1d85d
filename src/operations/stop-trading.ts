import { proveStopped } from '../activities/engine/prove-stopped.js';
import { carryOutEmergency } from './emergency-request.js';
import type { Caller, EmergencyRequest, OperationContext, OperationResult } from './operation.js';

/** A stop takes milliseconds; after this long, the person should know that it is not proven. */
const PROOF_MS = 10_000;

/**
 * No new entries; entry orders are cancelled; protective stops stay. Proven when no entry order is working any more.
 */
export function stopTrading(
  context: OperationContext,
  caller: Caller,
  request: EmergencyRequest,
): Promise<OperationResult> {
  return carryOutEmergency(context, caller, request, {
    kind: 'stop',
    proofMs: PROOF_MS,
    prove: async (patienceMs) => {
      const reading = await proveStopped(context.trader, patienceMs);
      const detail = `${reading.mode}, ${reading.entriesWorking} entry orders work`;
      return { proven: reading.proven, haltId: reading.haltId, detail };
    },
  });
}
