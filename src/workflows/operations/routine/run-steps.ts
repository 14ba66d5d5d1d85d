/** The steps of a routine: independent ones side by side, each with what was expected and what was observed. */

import type { RoutineStep, StepResult } from '../../../contracts/routine.js';
import { causeOf } from '../../../domain/cause-of.js';
import type { EvidenceTrail } from '../../evidence-trail.js';
import { stepLine } from '../../show.js';
import { runAction } from './actions.js';
import { checkCalls } from './calls.js';
import { askPerson } from './human-step.js';

export interface StepContext {
  readonly desk: string;
  readonly routine: string;
  /** Tells repetitions of the same steps in one run apart. */
  readonly attemptGroup: number;
  readonly marketMs: number | null;
  readonly simulated: boolean;
  readonly backupsKept?: number | undefined;
  readonly trail: EvidenceTrail;
  /** What has not begun by then is left out. */
  readonly isCancelled?: () => boolean;
  readonly onResult: (result: StepResult) => void;
  /** A repetition that says the same as before needs no row of its own. */
  readonly worthRecording: (result: StepResult) => boolean;
}

/**
 * Every step runs beside the others up to one whose failure stops the routine: what comes after such a step waits
 * for it, and is not run when it fails.
 */
export async function runSteps(steps: readonly RoutineStep[], context: StepContext): Promise<StepResult[]> {
  const results: StepResult[] = [];
  let stoppedBy: string | null = null;
  for (const group of groupsOf(steps)) {
    const reason: string | null = context.isCancelled?.() ? LEFT_OUT : stoppedBy;
    const done: StepResult[] = await Promise.all(
      group.map((step) => (reason === null ? runStep(step, context) : leaveOut(step, reason, context))),
    );
    results.push(...done);
    const last = group.at(-1);
    if (last?.onFail === 'stop' && done.at(-1)?.verdict === 'fail')
      stoppedBy ??= `"${last.title}" failed and stops the routine`;
  }
  return results;
}

const LEFT_OUT = 'the routine was cancelled before it';

/** Steps whose failure stops the routine close their group. */
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

export type StepKind = 'check' | 'action' | 'report' | 'human';

export type StepOutcome = Pick<StepResult, 'verdict' | 'observed' | 'expected'> & {
  readonly reference?: string;
  readonly person?: string | null;
};

async function runStep(step: RoutineStep, context: StepContext): Promise<StepResult> {
  const startedMs = Date.now();
  const { key, title } = step;
  const kind = kindOf(step);
  try {
    const { reference = null, person = null, ...outcome } = await carryOut(step, context);
    return record({ key, title, ...outcome }, startedMs, { ...context, kind, reference, person });
  } catch (error) {
    // What can't be finished has not passed.
    const observed = `the ${kind} did not finish: ${causeOf(error)}`;
    const expected = `an answer within ${step.timeoutSeconds} s`;
    return record({ key, title, verdict: 'fail', observed, expected }, startedMs, { ...context, kind });
  }
}

function carryOut(step: RoutineStep, context: StepContext): Promise<StepOutcome> {
  const { action, report, check, title: summary } = step;
  if (action !== undefined) return runAction(action, context);
  if (step.human !== undefined) return askPerson(step, context);
  const calls = checkCalls(context.desk, step);
  if (report !== undefined)
    return calls.runReport.executeWithOptions({ summary }, [
      { report, with: step.with, marketMs: context.marketMs },
    ]);
  return calls.runCheck.executeWithOptions({ summary }, [{ check: check ?? '', with: step.with }]);
}

function kindOf({ action, report, human }: RoutineStep): StepKind {
  if (action !== undefined) return 'action';
  if (report !== undefined) return 'report';
  return human === undefined ? 'check' : 'human';
}

async function leaveOut(step: RoutineStep, reason: string, context: StepContext): Promise<StepResult> {
  const result: StepResult = {
    key: step.key,
    title: step.title,
    verdict: 'not_run',
    observed: `not run: ${reason}`,
    expected: 'the steps before it to pass',
  };
  return record(result, Date.now(), { ...context, kind: kindOf(step) });
}

function record(result: StepResult, startedMs: number, context: StepContext & StepTrace): StepResult {
  context.onResult(result);
  if (context.worthRecording(result)) recordResult(result, startedMs, context);
  return result;
}

interface StepTrace {
  readonly kind: StepKind;
  readonly reference?: string | null;
  readonly person?: string | null;
}

/** Also for procedures whose steps are not those of a desk file. */
export function recordResult(
  result: StepResult,
  startedMs: number,
  context: StepTrace & Pick<StepContext, 'routine' | 'attemptGroup' | 'marketMs' | 'simulated' | 'trail'>,
): void {
  context.trail.add({
    routine: context.routine,
    stepKey: result.key,
    attemptGroup: context.attemptGroup,
    name: result.title,
    kind: context.kind,
    verdict: result.verdict,
    observed: result.observed,
    expected: result.expected,
    startedMs,
    finishedMs: Date.now(),
    marketMs: context.marketMs,
    person: context.person ?? null,
    reference: context.reference ?? null,
    simulated: context.simulated,
  });
}

export const lineOf = ({ title, verdict, observed, expected }: StepResult): string =>
  `${stepLine(title, verdict, observed)} (expected: ${expected})`;
