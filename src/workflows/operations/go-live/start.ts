import { CANCEL_ASKED } from '../../cancellation.js';
import type { GoLiveRun } from './go-live-run.js';
import { askApprovers, grant, proposalOf } from './permission.js';
import { preflight } from './preflight.js';

/** Approval, cooling-off, everything looked at again, and the trader's own yes. Null: it is live; else why not. */
export async function startLive(run: GoLiveRun, reviewer: string): Promise<string | null> {
  const { start } = run.input;
  const facts = await run.engine.readLiveFacts.executeWithOptions({ summary: 'The newest halt' }, []);
  if (facts.haltId === null) return 'the desk is not halted: there is nothing to arm';
  const proposal = proposalOf(run, 0, start, { configHash: facts.configHash, haltId: facts.haltId });
  const approved = await askApprovers(run, proposal, 'Trade real money');
  if (approved.state !== 'approved') return `not approved: ${approved.detail}`;
  const { obstacles } = await preflight(run, 'again', reviewer);
  if (obstacles.length > 0) return obstacles.join('; ');
  if (run.cancelled) return `cancelled: ${CANCEL_ASKED}`;
  run.isGranting = true;
  const problem = await grant(run, proposal, approved.votes);
  if (problem !== null) return `the trader refused: ${problem}`;
  run.liveSinceMs = Date.now();
  run.progress = { ...run.progress, size: start };
  const size = `${start.maxPositionSizePct} %, ${start.maxConcurrentPositions} positions`;
  await run.calls.moveGoLive(run.input, 'live', size);
  return null;
}
