/**
 * Going live, as the runbook has it: look at everything, have the validation reviewed by a person, ask those who decide,
 * start small, watch the first hours, then grow step by step, each by approval. The trader checks the votes itself:
 * nothing that this workflow claims can arm it.
 */
import { allHandlersFinished, condition } from '@temporalio/workflow';
import { causeOf, showPhase, showVerdict } from '../../show.js';
import type { GoLiveInput, GoLiveResult } from './contract.js';
import { GoLiveRun } from './go-live-run.js';
import { watchLive } from './watch-live.js';

export async function goLive(input: GoLiveInput): Promise<GoLiveResult> {
  const run = new GoLiveRun(input);
  const result = await procedure(run, input).catch(
    (error: unknown): GoLiveResult => ({
      state: run.progress.size === null ? 'refused' : 'ended',
      detail: `the procedure could not go on: ${causeOf(error)}`,
    }),
  );
  await run.close(result);
  showPhase(`Going live: ${result.state}`, [result.detail]);
  showVerdict(result.state === 'completed' ? 'pass' : 'not_run');
  await condition(() => run.trail.settled && allHandlersFinished());
  return result;
}

async function procedure(run: GoLiveRun, input: GoLiveInput): Promise<GoLiveResult> {
  const obstacles = await run.preflight();
  if (obstacles.length > 0) return refused(obstacles);
  const reviewer = await run.review();
  if (reviewer === null) return refused(['nobody reviewed the validation report in time']);
  const started = await run.begin(reviewer);
  if (started !== null) return refused([started]);

  const watched = await watchLive(run, input.watchMs, input.lookMs, 'watched');
  if (watched.ended !== null) return { state: 'ended', detail: watched.ended };
  for (const [index, size] of input.ramp.entries()) {
    const stable = await run.untilStable(size.afterMs);
    if (stable !== null) return { state: 'ended', detail: stable };
    const problem = await run.raise(index + 1, size);
    if (problem !== null) return { state: 'completed', detail: `the size stays: ${problem}` };
  }
  return { state: 'completed', detail: `every step was taken: ${input.ramp.length} size steps` };
}

function refused(reasons: readonly string[]): GoLiveResult {
  return { state: 'refused', detail: reasons.join('; ') };
}
