/**
 * Going live, as the runbook has it: look at everything, have the validation reviewed by a person, ask those who decide,
 * start small, watch the first hours, then grow step by step, each by approval. The trader checks the votes itself:
 * nothing that this workflow claims can arm it.
 */
import { allHandlersFinished, condition, continueAsNew } from '@temporalio/workflow';
import type { Carried, GoLiveInput, GoLiveResult } from '../../../contracts/go-live.js';
import { causeOf } from '../../../domain/cause-of.js';
import { CANCEL_ASKED } from '../../cancellation.js';
import { showVerdict } from '../../show.js';
import { GoLiveRun } from './go-live-run.js';
import { unlessLiveBefore } from './live-before.js';
import { preflight } from './preflight.js';
import { ramp } from './ramp.js';
import { review } from './review.js';
import { startLive } from './start.js';
import { watchLive } from './watch-live.js';

export async function goLive(input: GoLiveInput): Promise<GoLiveResult> {
  const run = new GoLiveRun(input);
  const failed = (error: unknown): GoLiveResult => ({
    state: run.progress.size === null ? 'refused' : 'ended',
    detail: `the procedure could not go on: ${causeOf(error)}`,
  });
  const found = await procedure(run).catch(failed);
  const isRefused = 'state' in found && found.state === 'refused';
  const result = isRefused ? await unlessLiveBefore(run, found).catch(failed) : found;
  if ('state' in result) await close(run, result);
  await condition(() => run.trail.settled && allHandlersFinished());
  return 'state' in result ? result : continueAsNew<typeof goLive>({ ...input, carried: result });
}

async function procedure(run: GoLiveRun): Promise<GoLiveResult | Carried> {
  if (run.input.carried !== undefined) return ramp(run);
  run.show('pre-flight', 'Looking at exchange, key, limits and the validation');
  const { obstacles, figures } = await preflight(run, 'pre-flight', null);
  if (obstacles.length > 0) return refused(obstacles.join('; '));
  if (run.cancelled) return refused(CANCELLED);
  const reviewer = await review(run, figures);
  if (run.cancelled) return refused(CANCELLED);
  if (reviewer === null) return refused('nobody reviewed the validation report in time');
  const problem = await startLive(run, reviewer);
  if (problem !== null) return refused(problem);
  const watched = await watchLive(run, run.input.watchMs, 'watched');
  return watched.ended === null ? ramp(run) : { state: 'ended', detail: watched.ended };
}

const CANCELLED = `cancelled: ${CANCEL_ASKED}`;

function refused(detail: string): GoLiveResult {
  return { state: 'refused', detail };
}

async function close(run: GoLiveRun, { state, detail }: GoLiveResult): Promise<void> {
  run.show(state, detail);
  const verdict = state === 'completed' ? 'pass' : 'not_run';
  const finding = { verdict, observed: `${state}: ${detail}`, expected: 'every step taken' } as const;
  run.record('end', 'Going live', finding, Date.now());
  await run.calls.moveGoLive(run.input, state, detail.slice(0, 1000));
  run.show(state, detail);
  showVerdict(verdict);
}
