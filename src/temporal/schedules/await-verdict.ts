import { ROUTINE_MESSAGES, type RoutineResult } from '../../contracts/routine.js';
import { awaitQuery } from '../await-query.js';
import type { TemporalAccess } from '../open-temporal.js';

/** The routine's verdict as soon as it is known; null if it is not known after `patienceMs`. */
export function awaitVerdict(
  temporal: TemporalAccess,
  workflowId: string,
  patienceMs: number,
): Promise<RoutineResult | null> {
  const ask = {
    query: ROUTINE_MESSAGES.result,
    known: ({ verdict }: RoutineResult) => verdict !== null,
  };
  return awaitQuery(temporal, workflowId, ask, patienceMs);
}
