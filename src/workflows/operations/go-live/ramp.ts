/**
 * Grows the position size step by step: each step after a time of uninterrupted clean trading, and with an approval.
 */
import { workflowInfo } from '@temporalio/workflow';
import type { Carried, GoLiveResult, RampStep } from '../../../contracts/go-live.js';
import type { GoLiveRun } from './go-live-run.js';
import { askApprovers, grant, proposalOf } from './permission.js';
import { watchLive } from './watch-live.js';

/** Watches per step, so that a desk that is never stable is not watched for this step forever. */
const WATCHES_MAX = 500;

/** `Carried`: a new run with a fresh history goes on from there. */
export async function ramp(run: GoLiveRun): Promise<GoLiveResult | Carried> {
  const { ramp: steps, carried } = run.input;
  for (let step = carried?.step ?? 0; step < steps.length; step += 1) {
    const plan = steps[step] as RampStep;
    const watches = step === carried?.step ? carried.watchesLeft : WATCHES_MAX;
    const end = await growOnce(run, step, plan, watches);
    if (end !== null) return end;
  }
  return { state: 'completed', detail: `every step was taken: ${steps.length} size steps` };
}

/** Null if the larger size is in force. A question that was withdrawn because of a cancel ends nothing. */
async function growOnce(
  run: GoLiveRun,
  step: number,
  plan: RampStep,
  watches: number,
): Promise<GoLiveResult | Carried | null> {
  const unstable = await untilStable(run, step, plan.afterMs, watches);
  if (unstable !== null) return unstable;
  const raised = await raise(run, step + 1, plan);
  return raised !== null && run.cancelled ? untilStable(run, step, plan.afterMs, WATCHES_MAX) : raised;
}

/** Null once the desk has traded cleanly for the whole time without interruption. */
async function untilStable(
  run: GoLiveRun,
  step: number,
  stableMs: number,
  watches: number,
): Promise<GoLiveResult | Carried | null> {
  for (let left = watches; left > 0; left -= 1) {
    if (workflowInfo().continueAsNewSuggested) return run.carriedOver(step, left);
    const watched = await watchLive(run, stableMs, 'ramp');
    if (watched.ended !== null) return { state: 'ended', detail: watched.ended };
    // A cancelled run watches on and never grows.
    if (watched.problems.length === 0 && !run.cancelled) return null;
  }
  return stays('it was never stable for long enough');
}

export const sizeStepTitle = (step: number): string => `Size step ${step}`;

function stays(why: string): GoLiveResult {
  return { state: 'completed', detail: `the size stays: ${why}` };
}

/** Null if the larger size is in force; otherwise the reason. */
async function raise(run: GoLiveRun, step: number, plan: RampStep): Promise<GoLiveResult | null> {
  const { maxPositionSizePct, maxConcurrentPositions } = plan;
  const size = { maxPositionSizePct, maxConcurrentPositions };
  const { configHash } = await run.engine.readLiveFacts.executeWithOptions({ summary: 'As it is now' }, []);
  const proposal = proposalOf(run, step, size, { configHash, haltId: null });
  const approved = await askApprovers(run, proposal, sizeStepTitle(step));
  if (approved.state !== 'approved') return stays(approved.detail);
  const problem = await grant(run, proposal, approved.votes);
  if (problem !== null) return stays(problem);
  run.progress = { ...run.progress, size };
  return null;
}
