import { operationsQueue, routineId } from '../../contracts/queues.js';
import { ROUTINE_MESSAGES, type RoutineInput, type RoutineResult } from '../../contracts/routine.js';
import { runLabel } from '../../contracts/run-label.js';
import type { Desk, DeskRoutine } from '../../desk/schema.js';
import type { TemporalAccess } from '../open-temporal.js';
import { awaitQuery } from '../runs.js';
import { type RoutineOccasion, routineInput } from './routine-input.js';

const START_MS = 5_000;

/** The start options of a routine, whoever starts it: a schedule, the market clock, a start of the desk or a person. */
export function routineStart(input: RoutineInput) {
  return {
    workflowType: 'routine',
    taskQueue: operationsQueue(input.desk),
    args: [input] as [RoutineInput],
    ...runLabel({
      desk: input.desk,
      routine: input.name,
      summary: `${input.title} (${input.desk})`,
      listed: `Routine ${input.name} of ${input.desk}`,
      details: input.steps.map(({ title, onFail }) => `- ${title}; a failure: ${onFail}`).join('\n'),
    }),
  };
}

/**
 * Starts `routine:<desk>:<name>:<nominal market time>` unless it is running or has run: the same occasion again does
 * nothing. Rejects while Temporal is down.
 */
export async function startRoutine(
  temporal: TemporalAccess,
  desk: Desk,
  routine: DeskRoutine,
  occasion: RoutineOccasion & { readonly nominalMs: number },
  workflowId = routineId(desk.desk, routine.name, occasion.nominalMs),
): Promise<string> {
  const { workflowType, ...start } = routineStart(routineInput(desk, routine, occasion));
  await temporal.within(START_MS, async (client) => {
    try {
      await client.workflow.start(workflowType, {
        ...start,
        workflowId,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
      });
    } catch (error) {
      if (!(error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError')) throw error;
    }
  });
  return workflowId;
}

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
