/**
 * A run that was reset does again what led to the start, and is refused it: the question is decided, the halt is lifted.
 * What it has made live by then is no refusal. It is watched on for as long as it may trade, and never grows.
 */
import { patched, workflowInfo } from '@temporalio/workflow';
import type { Carried, GoLiveResult } from '../../../contracts/go-live.js';
import { approvedCalls } from '../operations-calls.js';
import type { GoLiveRun } from './go-live-run.js';
import { ramp } from './ramp.js';

const LIVE_BEFORE = 'go-live-refused-only-where-it-is-not-live';

export async function unlessLiveBefore(
  run: GoLiveRun,
  refused: GoLiveResult,
): Promise<GoLiveResult | Carried> {
  if (!patched(LIVE_BEFORE)) return refused;
  const { ramp: steps, start } = run.input;
  const step = await stepInForce(run);
  if (step === null) return refused;
  if (step >= steps.length) return { state: 'completed', detail: 'every step was taken before' };
  await run.goesOnLive(steps[step - 1] ?? start, refused.detail);
  return ramp(run);
}

/** Of this very attempt; null: none, as far as the trader says within ten minutes. */
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
