import { setTimeout as sleep } from 'node:timers/promises';
import type { RoutineResult } from '../../workflows/operations/routine/contract.js';
import { ROUTINE_MESSAGES } from '../../workflows/operations/routine/contract.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';

const QUERY_MS = 3_000;
const POLL_MS = 200;

/**
 * The routine's verdict as soon as it is known, which may be long before its evidence is written. Null when it is not
 * known after `patienceMs`.
 */
export async function awaitVerdict(
  temporal: TemporalAccess,
  workflowId: string,
  patienceMs: number,
): Promise<RoutineResult | null> {
  const untilMs = performance.now() + patienceMs;
  while (performance.now() < untilMs) {
    const result = await temporal
      .within(QUERY_MS, (client) =>
        client.workflow.getHandle(workflowId).query<RoutineResult>(ROUTINE_MESSAGES.result),
      )
      .catch(() => null);
    if (result?.verdict) return result;
    await sleep(POLL_MS);
  }
  return null;
}
