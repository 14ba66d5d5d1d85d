import { operationsQueue } from '../../contracts/queues.js';
import {
  ROUTINE_MESSAGES,
  type RoutineCause,
  type RoutineInput,
  type RoutineResult,
} from '../../contracts/routine.js';
import { runLabel } from '../../contracts/run-label.js';
import type { Desk, DeskRoutine } from '../../desk/schema.js';
import type { TemporalAccess } from '../open-temporal.js';
import { awaitQuery, type Told } from '../runs.js';

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
 * Starts the run with this id unless it is running or has run: the same occasion again does nothing. The id
 * therefore names more than the market time, which can recur. Rejects while Temporal is down.
 */
export async function startRoutine(
  temporal: TemporalAccess,
  desk: Desk,
  routine: DeskRoutine,
  occasion: RoutineOccasion & { readonly nominalMs: number },
  workflowId: string,
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

/** The routine's result as soon as its verdict is known. */
export function awaitVerdict(
  temporal: TemporalAccess,
  workflowId: string,
  patienceMs: number,
): Promise<Told<RoutineResult>> {
  const ask = {
    query: ROUTINE_MESSAGES.result,
    known: ({ verdict }: RoutineResult) => verdict !== null,
  };
  return awaitQuery(temporal, { workflowId }, ask, patienceMs);
}

/** Postgres may be down for a while; after longer than this, a routine's evidence is lost. */
export const EVIDENCE_MS = 3_600_000;

interface RoutineOccasion {
  readonly cause: RoutineCause;
  /** Null for a schedule, whose start time determines it. */
  readonly nominalMs: number | null;
  readonly marketMs: number | null;
  readonly incarnation: string | null;
  readonly person: string | null;
  readonly simulated: boolean;
}

export function routineInput(desk: Desk, routine: DeskRoutine, occasion: RoutineOccasion): RoutineInput {
  return {
    desk: desk.desk,
    name: routine.name,
    title: routine.title,
    steps: routine.steps,
    latestMinutes: routine.latestMinutes,
    ...(routine.budgetMinutes === undefined ? {} : { budgetMinutes: routine.budgetMinutes }),
    haltRule: desk.resume.fault,
    evidenceMs: EVIDENCE_MS,
    backupsKept: desk.backup.keep,
    ...(desk.backup.days === undefined ? {} : { backupDays: desk.backup.days }),
    ...occasion,
  };
}
