/**
 * A run that was reset repeats the steps up to the start and is refused there: the question is decided, the halt is
 * lifted. If the attempt went live before the reset, that is not a refusal. It is watched for as long as it may trade,
 * and never grows.
 */
import { patched, workflowInfo } from '@temporalio/workflow';
import type { Carried, GoLiveResult } from '../../../contracts/go-live.js';
import { goLiveApprovalId } from '../../../domain/go-live.js';
import { approvedCalls } from '../operations-calls.js';
import type { GoLiveRun } from './go-live-run.js';
import { namedDesk } from './permission.js';
import { ramp, sizeStepTitle } from './ramp.js';

const LIVE_BEFORE = 'go-live-refused-only-where-it-is-not-live';
const WITHDRAWS = 'go-live-begun-anew-withdraws-what-it-had-asked';

export async function unlessLiveBefore(
  run: GoLiveRun,
  refused: GoLiveResult,
): Promise<GoLiveResult | Carried> {
  if (!patched(LIVE_BEFORE)) return refused;
  const { ramp: steps, start } = run.input;
  const step = await stepInForce(run);
  if (step === null) return refused;
  if (step >= steps.length) return { state: 'completed', detail: 'every step was taken before' };
  // Not awaited: the desk is watched while Postgres is away, too.
  if (patched(WITHDRAWS)) run.trail.keep('withdrawing what was asked', withdrawNext(run, step + 1));
  await run.goesOnLive(steps[step - 1] ?? start, refused.detail);
  return ramp(run);
}

/** Only the size after the one in force can have been asked for and still be open. */
function withdrawNext({ input, approvals }: GoLiveRun, step: number): Promise<void> {
  const { desk, release, attempt } = input;
  const id = goLiveApprovalId({ ...namedDesk(input), release, attempt, step, haltId: null });
  const why = 'going live was begun anew while it was live: nothing larger is asked for';
  return approvals.withdrawEarlier({ id, title: `${sizeStepTitle(step)} on ${desk}` }, why);
}

/** Index of the size step that this attempt was granted; null if none, as far as the trader says within ten minutes. */
async function stepInForce({ input }: GoLiveRun): Promise<number | null> {
  const { desk, incarnation, release, attempt } = input;
  const asked = approvedCalls(desk, incarnation).readLiveFacts.executeWithOptions(
    { summary: `Is ${workflowInfo().workflowId} live already?` },
    [],
  );
  const granted = await asked.then(
    (facts) => facts.granted,
    () => null,
  );
  return granted?.release === release && granted.attempt === attempt ? granted.step : null;
}
