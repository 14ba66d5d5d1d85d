/** The steps of a routine: independent checks side by side, each with what was expected and what was observed. */
import type { EvidenceTrail } from '../evidence-trail.js';
import { causeOf } from '../show.js';
import type { RoutineStep, StepResult } from './contract.js';
import { checkCalls } from './operations-calls.js';

export interface StepContext {
  readonly desk: string;
  readonly routine: string;
  /** Tells repetitions of the same steps in one run apart. */
  readonly attemptGroup: number;
  readonly marketMs: number | null;
  readonly simulated: boolean;
  readonly trail: EvidenceTrail;
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
    const reason: string | null = stoppedBy;
    const done: StepResult[] = await Promise.all(
      group.map((step) => (reason === null ? runStep(step, context) : leaveOut(step, reason, context))),
    );
    results.push(...done);
    const last = group.at(-1);
    if (last?.onFail === 'stop' && done.at(-1)?.verdict === 'fail') stoppedBy ??= last.title;
  }
  return results;
}

/** Steps whose failure stops the routine close their group. */
export function groupsOf(steps: readonly RoutineStep[]): RoutineStep[][] {
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

async function runStep(step: RoutineStep, context: StepContext): Promise<StepResult> {
  const startedMs = Date.now();
  const { key, title } = step;
  try {
    const outcome = await checkCalls(context.desk, step).runCheck.executeWithOptions({ summary: title }, [
      { check: step.check, with: step.with },
    ]);
    return record({ key, title, ...outcome }, startedMs, context);
  } catch (error) {
    // A check that can't be finished has not passed.
    const observed = `the check did not finish: ${causeOf(error)}`;
    const expected = `an answer within ${step.timeoutSeconds} s`;
    return record({ key, title, verdict: 'fail', observed, expected }, startedMs, context);
  }
}

async function leaveOut(step: RoutineStep, stoppedBy: string, context: StepContext): Promise<StepResult> {
  const result: StepResult = {
    key: step.key,
    title: step.title,
    verdict: 'not_run',
    observed: `not run: "${stoppedBy}" failed and stops the routine`,
    expected: 'the steps before it to pass',
  };
  return record(result, Date.now(), context);
}

function record(result: StepResult, startedMs: number, context: StepContext): StepResult {
  context.onResult(result);
  if (!context.worthRecording(result)) return result;
  context.trail.add({
    routine: context.routine,
    stepKey: result.key,
    attemptGroup: context.attemptGroup,
    name: result.title,
    kind: 'check',
    verdict: result.verdict,
    observed: result.observed,
    expected: result.expected,
    startedMs,
    finishedMs: Date.now(),
    marketMs: context.marketMs,
    person: null,
    reference: null,
    simulated: context.simulated,
  });
  return result;
}

const MARK = { pass: '✓', warn: '!', fail: '✗', not_run: '–' } as const;

export const lineOf = ({ title, verdict, observed, expected }: StepResult): string =>
  `${MARK[verdict]} ${title}: ${observed} (expected: ${expected})`;
