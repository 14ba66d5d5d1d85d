/**
 * The steps of a routine: independent ones run in parallel, each recorded with what was expected and what was observed.
 */

import { type ActivityInterfaceFor, patched, proxyActivities } from '@temporalio/workflow';
import type { IncidentActivities, PlaybookRequest } from '../../../contracts/incident.js';
import type { OperationsActivities } from '../../../contracts/operations-activities.js';
import { operationsQueue } from '../../../contracts/queues.js';
import type { ActionRequest, OwnStepRequest, RoutineStep, StepResult } from '../../../contracts/routine.js';
import { causeOf } from '../../../domain/message-of.js';
import { CANCEL_ASKED, isCancelRequested, untilCancelRequest } from '../../cancellation.js';
import { runIdentity } from '../../evidence-trail.js';
import { awaitTask } from '../await-task.js';
import { FINAL, recordCalls } from '../operations-calls.js';
import { isShipped, runAction } from './actions.js';
import { recordResult, type StepContext, type StepKind, type StepOutcome, type StepTrace } from './step.js';

/** How long opening a person's task is retried: a brief database outage must not fail the routine. */
const ASK_MS = 60_000;
/** A program or a request ends in the step's own time; judging and storing its output take this much more. */
const CLOSING_MS = 30_000;
/**
 * One of the desk's own checks ends itself within the step's time and says why; this margin lets it do so before
 * Temporal's timeout.
 */
const ANSWER_MS = 10_000;
const HEARTBEAT_MS = 15_000;
/** How long opening a playbook's incident may take: a brief server outage must not fail the routine. */
const OPENING_MS = 60_000;
/** A check may have ten minutes, a program hours; the heartbeat reveals a dead worker sooner. */
const LOOK_HEARTBEAT_MS = 30_000;
const DUE_HOURS = 24;

/**
 * Every step runs in parallel with the others, up to one whose failure stops the routine: the steps after it wait for
 * it, and are not run if it fails. A step with `unless` waits for the step that it names, and a drill of the newest
 * backup for the backup of the same routine, which it is to prove.
 */
export async function runSteps(steps: readonly RoutineStep[], context: StepContext): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const ended: StepResult[] = [];
  const begun = new Map<string, Promise<StepResult>>();
  const begin = async (step: RoutineStep): Promise<StepResult> => {
    if (step.unless !== undefined) await begun.get(step.unless);
    const backup = backupBefore(step, steps);
    if (backup !== undefined && patched(DRILL_WAITS)) await begun.get(backup.key);
    const result = await runNeeded(step, steps, ended, context);
    ended.push(result);
    return result;
  };
  let stoppedBy: string | null = null;
  for (const group of groupsOf(steps)) {
    const reason: string | null = context.isCancelled?.() ? LEFT_OUT : stoppedBy;
    const done: StepResult[] = await Promise.all(
      group.map((step) => {
        const running = reason === null ? begin(step) : leaveOut(step, reason, context);
        begun.set(step.key, running);
        return running;
      }),
    );
    results.push(...done);
    const last = group.at(-1);
    if (last?.onFail === 'stop' && done.at(-1)?.verdict === 'fail')
      stoppedBy ??= `"${last.title}" failed and stops the routine`;
  }
  return results;
}

/** Routines that began before this patch prove whichever backup was the newest when they began. */
const DRILL_WAITS = 'a-drill-waits-for-the-backup-of-its-routine';

function backupBefore(step: RoutineStep, steps: readonly RoutineStep[]): RoutineStep | undefined {
  if (step.action !== 'restore-drill' || step.with.lastMonth === true) return undefined;
  return steps.slice(0, steps.indexOf(step)).find(({ action }) => action === 'backup');
}

const LEFT_OUT = 'the routine was cancelled before it';

/** True if the step named by `unless` has passed, or was itself left out for this reason. */
function isNeedless(
  { unless }: RoutineStep,
  steps: readonly RoutineStep[],
  results: readonly StepResult[],
): boolean {
  const before = steps.find(({ key }) => key === unless);
  if (unless === undefined || before === undefined) return false;
  return (
    results.some(({ key, verdict }) => key === unless && verdict === 'pass') ||
    isNeedless(before, steps, results)
  );
}

/** A required step that was needed and not run. `results`: at least those of the steps it waited for. */
export function isLacking(
  { key, verdict }: StepResult,
  steps: readonly RoutineStep[],
  results: readonly StepResult[],
): boolean {
  const step = steps.find((one) => one.key === key);
  return verdict === 'not_run' && step?.required === true && !isNeedless(step, steps, results);
}

/** `results`: those of the steps that this one waited for. */
function runNeeded(
  step: RoutineStep,
  steps: readonly RoutineStep[],
  results: readonly StepResult[],
  context: StepContext,
): Promise<StepResult> {
  const { unless } = step;
  if (isNeedless(step, steps, results)) {
    const passed = steps.find(({ key }) => key === unless)?.title;
    return leaveOut(step, `"${passed}" passed`, context, 'only where that has not passed');
  }
  if (unless !== undefined && context.isCancelled?.()) return leaveOut(step, LEFT_OUT, context);
  return runStep(step, context);
}

/** A step whose failure stops the routine ends its group. */
function groupsOf(steps: readonly RoutineStep[]): RoutineStep[][] {
  const groups: RoutineStep[][] = [];
  let open: RoutineStep[] = [];
  for (const step of steps) {
    open.push(step);
    if (step.onFail === 'stop') {
      groups.push(open);
      open = [];
    }
  }
  return open.length > 0 ? [...groups, open] : groups;
}

/**
 * Never rejects: a step that can't be finished has failed. For code that decides by verdicts, a check or
 * report that could not be made is `not_run` (`unmade`).
 */
export async function runStep(step: RoutineStep, context: StepContext): Promise<StepResult> {
  const startedMs = Date.now();
  const { key, title } = step;
  const kind = kindOf(step);
  try {
    const { reference = null, person = null, ...outcome } = await withinBudget(step, context);
    return record({ key, title, ...outcome }, startedMs, { ...context, kind, reference, person });
  } catch (error) {
    const observed = `the ${kind} did not finish: ${causeOf(error)}`;
    const expected = `an answer within ${step.timeoutSeconds} s`;
    const looks = kind === 'check' || kind === 'report';
    const verdict = looks ? (context.unmade ?? 'fail') : 'fail';
    return record({ key, title, verdict, observed, expected }, startedMs, { ...context, kind });
  }
}

/** Work that continues after the budget is over is ignored. */
async function withinBudget(step: RoutineStep, context: StepContext): Promise<StepOutcome> {
  const { budget } = context;
  if (budget === undefined) return carryOut(step, context);
  const expected = `the whole routine ends within ${budget.minutes} minutes`;
  if (Date.now() >= budget.untilMs)
    return { verdict: 'fail', observed: 'not begun: the routine’s time was up', expected };
  const work = carryOut(step, context);
  work.catch(() => {});
  const outcome = await Promise.race([work, budget.over]);
  return outcome ?? { verdict: 'fail', observed: 'not ended when the routine’s time was up', expected };
}

function carryOut(step: RoutineStep, context: StepContext): Promise<StepOutcome> {
  const { action, report, check, title: summary } = step;
  if (action !== undefined)
    return isShipped(action) ? runAction(action, step.with, context) : runOwnAction(step, action, context);
  if (step.human !== undefined) return askPerson(step, context);
  if (step.playbook !== undefined) return runPlaybook(step, step.playbook, context);
  if (step.command !== undefined || step.http !== undefined) return runOwnStep(step, context);
  const calls = checkCalls(context.desk, step, ANSWER_MS);
  const { timeoutSeconds } = step;
  if (report !== undefined)
    return calls.runReport.executeWithOptions({ summary }, [
      { report, with: step.with, marketMs: context.marketMs, timeoutSeconds, lateMs: lateMsOf(context) },
    ]);
  return calls.runCheck.executeWithOptions({ summary }, [
    { check: check ?? '', with: step.with, timeoutSeconds, lateMs: lateMsOf(context) },
  ]);
}

const lateMsOf = ({ nominalMs, marketMs }: StepContext): number | undefined =>
  nominalMs === undefined ? undefined : Math.max(0, (marketMs ?? Date.now()) - nominalMs);

function runOwnStep(step: RoutineStep, context: StepContext): Promise<StepOutcome> {
  const { key: stepKey, title: summary, command, http, expect, timeoutSeconds } = step;
  const { attemptGroup, marketMs, desk } = context;
  const request: OwnStepRequest = {
    stepKey,
    attemptGroup,
    step: { command, http, expect, timeoutSeconds },
    marketMs,
  };
  const calls = checkCalls(desk, step, CLOSING_MS);
  const run = command === undefined ? calls.runHttp : calls.runCommand;
  return run.executeWithOptions({ summary }, [runIdentity(desk), request]);
}

/**
 * The process of one of the desk's own actions outlives a killed worker. The heartbeat reveals that death, and the next
 * attempt waits for the process.
 */
function runOwnAction(step: RoutineStep, action: string, context: StepContext): Promise<StepOutcome> {
  const { key: stepKey, title: summary, with: given, timeoutSeconds } = step;
  const { attemptGroup, desk, marketMs, nominalMs } = context;
  const attemptMs = timeoutSeconds * 1_000 + CLOSING_MS;
  const calls = proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    heartbeatTimeout: HEARTBEAT_MS,
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: attemptMs * 2 + 5_000,
    retry: { maximumAttempts: 3, initialInterval: 250, nonRetryableErrorTypes: FINAL },
  });
  const request: ActionRequest = {
    ...{ stepKey, attemptGroup, action, with: given, timeoutSeconds },
    ...{ marketMs, nominalMs },
  };
  return calls.runAction.executeWithOptions({ summary }, [runIdentity(desk), request]);
}

/** The playbook has its own run and incident, which continue whatever happens to the routine. */
async function runPlaybook(step: RoutineStep, playbook: string, context: StepContext): Promise<StepOutcome> {
  const { key, title: summary, with: given, waitMinutes = 0 } = step;
  const { desk, routine, attemptGroup, untilOver = untilCancelRequest, cancelledBy = CANCEL_ASKED } = context;
  const waitMs = waitMinutes * 60_000;
  const attemptMs = waitMs + OPENING_MS;
  const calls = proxyActivities<IncidentActivities>({
    taskQueue: operationsQueue(desk),
    heartbeatTimeout: HEARTBEAT_MS,
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: attemptMs + CLOSING_MS,
    retry: { initialInterval: 250, maximumInterval: '5 seconds', nonRetryableErrorTypes: FINAL },
  });
  const request: PlaybookRequest = {
    ...{ playbook, with: given, routine, title: step.title },
    key: `${runIdentity(desk).firstRunId}:${key}:${attemptGroup}`,
    untilMs: waitMs === 0 ? null : Date.now() + waitMs,
  };
  const outcome = await untilOver(calls.runPlaybook.executeWithOptions({ summary }, [request]));
  if (outcome !== null) return outcome;
  const observed = `${cancelledBy}; playbooks/${playbook} goes on by itself`;
  return { verdict: 'not_run', observed, expected: 'the playbook comes to its end' };
}

function kindOf({
  action,
  report,
  human,
  playbook,
  choose,
}: RoutineStep & { readonly choose?: unknown }): StepKind {
  if (action !== undefined || playbook !== undefined) return 'action';
  if (report !== undefined) return 'report';
  return human === undefined && choose === undefined ? 'check' : 'human';
}

/** Recorded as evidence too, which then shows what was not done. */
export async function leaveOut(
  step: RoutineStep,
  reason: string,
  context: StepContext,
  expected = 'the steps before it to pass',
): Promise<StepResult> {
  const result: StepResult = {
    key: step.key,
    title: step.title,
    verdict: 'not_run',
    observed: `not run: ${reason}`,
    expected,
  };
  return record(result, Date.now(), { ...context, kind: kindOf(step) });
}

function record(result: StepResult, startedMs: number, context: StepContext & StepTrace): StepResult {
  context.onResult(result);
  if (context.worthRecording(result)) recordResult(result, startedMs, context);
  return result;
}

/** One attempt may take the step's time plus the closing time. There is one more attempt; then the check has failed. */
function checkCalls(
  desk: string,
  step: RoutineStep,
  closingMs: number,
): ActivityInterfaceFor<OperationsActivities> {
  const attemptMs = step.timeoutSeconds * 1_000 + closingMs;
  return proxyActivities<OperationsActivities>({
    taskQueue: operationsQueue(desk),
    heartbeatTimeout: LOOK_HEARTBEAT_MS,
    startToCloseTimeout: attemptMs,
    scheduleToCloseTimeout: attemptMs * 2 + 5_000,
    retry: { maximumAttempts: 2, initialInterval: 250, nonRetryableErrorTypes: FINAL },
  });
}

/** A step that only a person can do: a task with a due time, whose end is evidence. */
async function askPerson(step: RoutineStep, context: StepContext): Promise<StepOutcome> {
  const { isCancelled = isCancelRequested, cancelledBy = CANCEL_ASKED } = context;
  const calls = recordCalls(context.desk, ASK_MS);
  const { workflowId, firstRunId } = runIdentity(context.desk);
  const startedMs = Date.now();
  const { waitMinutes = 0 } = step;
  const untilMs = startedMs + waitMinutes * 60_000;
  const dueMs = startedMs + (step.dueHours ?? DUE_HOURS) * 3_600_000;
  const isSooner = waitMinutes > 0 && (step.dueHours === undefined || untilMs < dueMs);
  const task = await awaitTask(
    calls,
    {
      desk: context.desk,
      source: `${workflowId}:${firstRunId}:${step.key}`,
      title: step.title,
      detail: step.human ?? step.title,
      ...(step.items === undefined ? {} : { items: step.items }),
      // Done later, the task is of no use to the waiting step.
      dueMs: isSooner ? untilMs : dueMs,
      origin: {
        workflowId,
        firstRunId,
        routine: context.routine,
        stepKey: step.key,
        simulated: context.simulated,
      },
    },
    untilMs,
    isCancelled,
  );
  const { state, doneBy, note } = task;
  const expected = `a person does it before ${new Date(task.dueMs).toISOString()}`;
  const reference = `task ${task.id}`;
  if (state === 'done') {
    return { verdict: 'pass', observed: `done by ${doneBy}: ${note}`, expected, reference, person: doneBy };
  }
  if (state === 'withdrawn') return { verdict: 'fail', observed: `withdrawn: ${note}`, expected, reference };
  if (isCancelled()) {
    const observed = `${cancelledBy}; ${reference} stays open, and nothing waits for it any longer`;
    return { verdict: 'not_run', observed, expected, reference };
  }
  if (waitMinutes === 0)
    return { verdict: 'not_run', observed: `${reference} waits for a person`, expected, reference };
  return {
    verdict: 'fail',
    observed: `${reference} was not done within ${waitMinutes} minutes`,
    expected,
    reference,
  };
}
