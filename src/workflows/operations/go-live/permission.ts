/**
 * The exact proposal that people approve, and the trader's own yes to it. Each is requested only once the steps before
 * it are on record.
 */
import { condition, patched, sleep, workflowInfo } from '@temporalio/workflow';
import { type ApprovalOutcome, pressingWithin } from '../../../contracts/approval.js';
import type { GoLiveInput } from '../../../contracts/go-live.js';
import type { Decision } from '../../../domain/decision.js';
import { type GoLiveProposal, goLiveId, goLiveTerms, type SizePlan } from '../../../domain/go-live.js';
import { causeOf } from '../../../domain/message-of.js';
import { approvedCalls } from '../operations-calls.js';
import type { GoLiveRun } from './go-live-run.js';

const SECOND_THOUGHTS = 'go-live-cancelled-while-cooling-off';

/** `step` 0 is the start, which arms by quoting the halt id that it names. */
export function proposalOf(
  { input }: GoLiveRun,
  step: number,
  size: SizePlan,
  { configHash, haltId }: Pick<GoLiveProposal, 'configHash' | 'haltId'>,
): GoLiveProposal {
  const { release, attempt, incarnation } = input;
  return { ...namedDesk(input), release, attempt, step, incarnation, configHash, haltId, size };
}

/** A run that began before ids named the desk keeps asking under its old id. */
export function namedDesk({ desk, release, attempt }: GoLiveInput): Pick<GoLiveProposal, 'desk'> {
  return workflowInfo().workflowId === goLiveId(desk, release, attempt) ? { desk } : {};
}

/** If one person decides alone, the approval counts only after a cooling-off time. */
export async function askApprovers(
  run: GoLiveRun,
  proposal: GoLiveProposal,
  title: string,
): Promise<ApprovalOutcome> {
  const { needed, coolingOffMs } = run.input;
  const outcome = await ask(run, proposal, title);
  if (outcome.state === 'approved' && needed < 2) await coolOff(run, outcome.votes, coolingOffMs);
  return outcome;
}

/** Null if the trader, which verifies the votes itself, accepted; otherwise the reason. */
export async function grant(
  run: GoLiveRun,
  proposal: GoLiveProposal,
  decisions: readonly Decision[],
): Promise<string | null> {
  const { desk, incarnation, person, reason } = run.input;
  await run.trail.stored(run.input.recordMs);
  const commandId = `golive:${workflowInfo().firstExecutionRunId}:${proposal.step}`;
  try {
    await approvedCalls(desk, incarnation).goLive.executeWithOptions(
      { summary: `Go live, step ${proposal.step}` },
      [{ commandId, by: person, reason, proposal, decisions }],
    );
    return null;
  } catch (error) {
    // A trader that accepted and died before it answered has halted anew and refuses the second request, though it
    // granted the first.
    return (await isGranted(run, proposal)) ? null : causeOf(error);
  }
}

async function isGranted(
  { engine }: GoLiveRun,
  { release, attempt, step }: GoLiveProposal,
): Promise<boolean> {
  const { granted } = await engine.readLiveFacts.executeWithOptions({ summary: 'Is it in force?' }, []);
  return granted?.release === release && granted.attempt === attempt && granted.step === step;
}

async function ask(run: GoLiveRun, proposal: GoLiveProposal, title: string): Promise<ApprovalOutcome> {
  const { desk, needed, approvers, approvalMs, person, coolingOffMs } = run.input;
  const startedMs = Date.now();
  const answerMs = startedMs + approvalMs;
  await run.trail.stored(run.input.recordMs);
  run.show('approval', `${title}: ${needed} of ${approvers.join(', ')}`, answerMs);
  const outcome = await run.approvals.ask({
    desk,
    ...goLiveTerms(proposal),
    title: `${title} on ${desk}`,
    needed,
    roles: ['approver'],
    people: approvers,
    requestedBy: person,
    // A vote has to stay valid through the cooling-off that follows it.
    expiresMs: answerMs + (needed < 2 ? coolingOffMs : 0),
    ...pressingWithin(approvalMs),
  });
  const people = outcome.votes.map((vote) => vote.person).join(', ');
  const verdict = outcome.state === 'approved' ? 'pass' : 'not_run';
  const expected = `${needed} of ${approvers.join(', ')} agree`;
  const finding = { verdict, observed: outcome.detail, expected } as const;
  run.record(`approval.${proposal.step}`, title, finding, startedMs, people);
  return outcome;
}

async function coolOff(run: GoLiveRun, votes: readonly Decision[], coolingOffMs: number): Promise<void> {
  const untilMs = Math.max(...votes.map(({ atWallMs }) => atWallMs)) + coolingOffMs;
  run.show('cooling-off', 'One person decided alone: time for second thoughts', untilMs);
  if (untilMs <= Date.now()) return;
  // Runs that began before the patch sleep for the whole time, even if cancelled.
  if (patched(SECOND_THOUGHTS)) await condition(() => run.cancelled, untilMs - Date.now());
  else await sleep(untilMs - Date.now());
}
