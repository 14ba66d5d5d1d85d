/** A step that only a person can do: a task with a due time, and its end as evidence. */

import type { RoutineStep } from '../../../contracts/routine.js';
import { CANCEL_ASKED, isCancelRequested } from '../../cancellation.js';
import { runIdentity } from '../../evidence-trail.js';
import { awaitTask } from '../await-task.js';
import { recordCalls } from '../operations-calls.js';
import type { StepContext, StepOutcome } from './step.js';

/** Asking must not fail the routine for a database that is back in a moment. */
const ASK_MS = 60_000;

export async function askPerson(step: RoutineStep, context: StepContext): Promise<StepOutcome> {
  const calls = recordCalls(context.desk, ASK_MS);
  const { workflowId, firstRunId } = runIdentity(context.desk);
  const startedMs = Date.now();
  const untilMs = startedMs + (step.waitMinutes ?? 0) * 60_000;
  const task = await awaitTask(
    calls,
    {
      desk: context.desk,
      source: `${workflowId}:${firstRunId}:${step.key}`,
      title: step.title,
      detail: step.human ?? step.title,
      dueMs: startedMs + (step.dueHours ?? 24) * 3_600_000,
      origin: {
        workflowId,
        firstRunId,
        routine: context.routine,
        stepKey: step.key,
        simulated: context.simulated,
      },
    },
    untilMs,
  );
  const { state, doneBy, note } = task;
  const expected = `a person does it before ${new Date(task.dueMs).toISOString()}`;
  const reference = `task ${task.id}`;
  if (state === 'done') {
    return { verdict: 'pass', observed: `done by ${doneBy}: ${note}`, expected, reference, person: doneBy };
  }
  if (state === 'withdrawn') return { verdict: 'fail', observed: `withdrawn: ${note}`, expected, reference };
  const waited = step.waitMinutes ?? 0;
  if (isCancelRequested()) {
    const observed = `${CANCEL_ASKED}; ${reference} stays open, and nothing waits for it any longer`;
    return { verdict: 'not_run', observed, expected, reference };
  }
  if (waited === 0)
    return { verdict: 'not_run', observed: `${reference} waits for a person`, expected, reference };
  return {
    verdict: 'fail',
    observed: `${reference} was not done within ${waited} minutes`,
    expected,
    reference,
  };
}
