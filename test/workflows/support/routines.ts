/** Routines on the real Temporal server. */
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { operationsQueue, routineId } from '../../../src/contracts/queues.js';
import { ROUTINE_FAILED, type RoutineInput, type RoutineResult } from '../../../src/contracts/routine.js';
import { runLabel } from '../../../src/contracts/run-label.js';
import type { Bench, BenchDesk } from './desk-bench.js';

export const NOMINAL_MS = Date.parse('2026-03-02T00:00:00Z');

export interface RunningRoutine {
  readonly workflowId: string;
  result(): Promise<RoutineResult>;
}

/** A failed routine's run has failed, too, and says the same. */
function resultOfFailed(error: unknown): RoutineResult {
  const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
  if (cause instanceof ApplicationFailure && cause.type === ROUTINE_FAILED)
    return cause.details?.[0] as RoutineResult;
  throw error;
}

/** Due at `NOMINAL_MS` and begun a minute later, unless given otherwise. */
export async function startRoutine(
  { client }: Pick<Bench, 'client'>,
  desk: BenchDesk,
  steps: RoutineInput['steps'],
  given: Partial<RoutineInput> = {},
): Promise<RunningRoutine> {
  const input: RoutineInput = {
    desk: desk.name,
    name: 'pre-market',
    title: 'Pre-market',
    steps,
    latestMinutes: 60,
    cause: 'market-clock',
    nominalMs: NOMINAL_MS,
    marketMs: NOMINAL_MS + 60_000,
    incarnation: desk.trader.incarnation,
    haltRule: 'auto',
    simulated: true,
    person: null,
    evidenceMs: 600_000,
    ...given,
  };
  const workflowId = routineId(desk.name, input.name, input.nominalMs ?? NOMINAL_MS);
  const handle = await client.workflow.start('routine', {
    workflowId,
    taskQueue: operationsQueue(desk.name),
    args: [input],
    ...runLabel({ desk: desk.name, routine: input.name, summary: input.title, details: '' }),
  });
  return { workflowId, result: () => handle.result().catch(resultOfFailed) as Promise<RoutineResult> };
}
