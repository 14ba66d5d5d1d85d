/** Starts runs: a routine, an emergency stop, the resumption after a halt. */
import {
  EMERGENCY_TASK_MS,
  EMERGENCY_TIMING,
  type EmergencyKind,
  type EmergencySignal,
  emergencyStopLabel,
} from '../contracts/emergency.js';
import { emergencyQueue, emergencyStopId, operationsQueue, resumptionId } from '../contracts/queues.js';
import { RESUMPTION_TIMING, type ResumptionInput } from '../contracts/resumption.js';
import {
  ROUTINE_MESSAGES,
  type RoutineCause,
  type RoutineInput,
  type RoutineResult,
} from '../contracts/routine.js';
import { runLabel } from '../contracts/run-label.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { isCheck } from '../desk/own-steps.js';
import type { Desk, DeskRoutine } from '../desk/schema.js';
import type { TemporalAccess } from './open-temporal.js';
import { awaitQuery, type Told } from './runs.js';

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

const WORKFLOW_MS = 3_000;

/** Starts or signals the workflow that sends and proves the command. Rejects if Temporal doesn't answer. */
export async function startEmergency(
  { temporal, desk }: { readonly temporal: TemporalAccess; readonly desk: Pick<Desk, 'desk' | 'closeAll'> },
  kind: EmergencyKind,
  order: EmergencySignal,
): Promise<string> {
  const workflowId = emergencyStopId(desk.desk);
  const timing = { ...EMERGENCY_TIMING, closeAllDeadlineMs: desk.closeAll.deadlineSeconds * 1_000 };
  await temporal.within(WORKFLOW_MS, (client) =>
    client.workflow.signalWithStart('emergencyStop', {
      workflowId,
      workflowTaskTimeout: EMERGENCY_TASK_MS,
      taskQueue: emergencyQueue(desk.desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ desk: desk.desk, incarnations: null, orders: [], timing }],
      signal: kind,
      signalArgs: [order],
      ...emergencyStopLabel(desk.desk),
    }),
  );
  return workflowId;
}

/**
 * The routine whose checks must be clean before the desk trades: the one that also runs at each start. Null if there is
 * none.
 */
export function startRoutineOf(desk: Desk): DeskRoutine | null {
  return desk.routines.find(({ onStart }) => onStart) ?? null;
}

/** The start options of the resumption of one halt, whoever starts it: the trader's watcher, or a person's decision. */
export function resumptionStart(
  desk: Desk,
  haltId: string,
  status: Pick<TraderStatus, 'incarnation' | 'trading' | 'reason'>,
) {
  const input: ResumptionInput = {
    desk: desk.desk,
    haltId,
    incarnation: status.incarnation,
    // Only checks: daily actions and tasks are no reason to stay halted.
    steps: (startRoutineOf(desk)?.steps ?? []).filter(isCheck),
    simulated: status.trading === 'paper',
    timing: RESUMPTION_TIMING,
    decisions: [],
    cycle: 0,
  };
  return {
    workflowId: resumptionId(desk.desk, haltId),
    taskQueue: operationsQueue(desk.desk),
    args: [input] as [ResumptionInput],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    ...runLabel({
      desk: desk.desk,
      routine: 'resumption',
      summary: `Resumption of ${desk.desk}: ${status.reason}`,
      listed: `Resumption of ${desk.desk}`,
      details: [
        'Why it stopped, the checks again, our book against the venue, then a decision by the desk file’s rule or by a',
        'person, then arming by quoting the halt id. Never lifts a person’s stop by itself.',
      ].join(' '),
    }),
  };
}
