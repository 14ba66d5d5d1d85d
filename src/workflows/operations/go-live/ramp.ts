/** Larger step by step: after clean trading in one piece, each by approval. */
import type { GoLiveResult, RampStep } from './contract.js';
import type { GoLiveRun } from './go-live-run.js';
import { askApprovers, grant, proposalOf } from './permission.js';
import { watchLive } from './watch-live.js';

/** Of the whole ramp: a watch of months must not fill the workflow's history. */
const WATCHES_MAX = 500;

export async function ramp(run: GoLiveRun): Promise<GoLiveResult> {
  const steps = run.input.ramp;
  let watchesLeft = WATCHES_MAX;
  for (const [index, size] of steps.entries()) {
    const stable = await untilStable(size.afterMs);
    if (stable !== null) return { state: 'ended', detail: stable };
    const problem = await raise(run, index + 1, size);
    if (problem !== null) return { state: 'completed', detail: `the size stays: ${problem}` };
  }
  return { state: 'completed', detail: `every step was taken: ${steps.length} size steps` };

  /** Null once the desk has traded cleanly for so long in one piece; else why it ended. */
  async function untilStable(stableMs: number): Promise<string | null> {
    const lookMs = Math.max(run.input.lookMs, Math.ceil(stableMs / WATCHES_MAX));
    while (watchesLeft > 0) {
      const watched = await watchLive(run, stableMs, lookMs, 'ramp');
      if (watched.ended !== null) return watched.ended;
      watchesLeft -= 1;
      if (watched.problems.length === 0) return null;
    }
    return 'it was never stable for long enough';
  }
}

/** Null where the larger size is in force; else why not. */
async function raise(run: GoLiveRun, step: number, plan: RampStep): Promise<string | null> {
  const { maxPositionSizePct, maxConcurrentPositions } = plan;
  const size = { maxPositionSizePct, maxConcurrentPositions };
  const { configHash } = await run.engine.readLiveFacts.executeWithOptions({ summary: 'As it is now' }, []);
  const proposal = proposalOf(run, step, size, { configHash, haltId: null });
  const approved = await askApprovers(run, proposal, `Size step ${step}`);
  if (approved.state !== 'approved') return approved.detail;
  const problem = await grant(run, proposal, approved.votes);
  if (problem === null) run.progress = { ...run.progress, size };
  return problem;
}
