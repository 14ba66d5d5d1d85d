/**
 * A change of settings that may loosen a limit: people approve exactly these values, then the trader, which verifies
 * their votes itself, takes them. The trader refuses if anything has changed meanwhile; ask again then.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  allHandlersFinished,
  condition,
  workflowInfo,
} from '@temporalio/workflow';
import type { ApprovalOutcome } from '../../contracts/approval.js';
import type { FailureName } from '../../contracts/failure-names.js';
import type { SettingsChangeInput, SettingsChangeResult } from '../../contracts/settings.js';
import { causeOf } from '../../domain/message-of.js';
import { settingsTerms } from '../../domain/settings-change.js';
import { CANCEL_ASKED, onCancelRequest } from '../cancellation.js';
import { EvidenceTrail } from '../evidence-trail.js';
import { showPhase, showVerdict } from '../show.js';
import { Approvals } from './approval.js';
import { approvedCalls, recordCalls } from './operations-calls.js';
import { bringIntoForce, lookBefore, rollsOf } from './roll.js';

const SETTINGS_CHANGED = 'SettingsChanged' satisfies FailureName;

export async function settingsChange(input: SettingsChangeInput): Promise<SettingsChangeResult> {
  const { desk, proposal } = input;
  const trail = new EvidenceTrail(desk, recordCalls(desk, input.evidenceMs));
  const terms = settingsTerms(proposal);
  const lines = Object.entries(terms.parameters).map(([key, values]) => `${key}: ${values}`);
  showPhase('Waiting for approval', [`Asked by ${input.person}: ${input.reason}`, ...lines]);

  const askedMs = Date.now();
  const approvals = new Approvals(desk);
  // A decision made before the cancel is carried out, because people were told of it.
  onCancelRequest(() => approvals.withdraw(`cancelled: ${CANCEL_ASKED}`));
  const outcome = await approvals.ask({
    id: input.approvalId,
    desk,
    ...terms,
    title: `Settings version ${proposal.version}: ${input.reason}`.slice(0, 200),
    needed: input.needed,
    roles: ['approver'],
    requestedBy: input.person,
    expiresMs: askedMs + input.expiresAfterMs,
    remindEveryMs: input.remindEveryMs,
    escalateAfterMs: input.escalateAfterMs,
  });
  const rolls = rollsOf(input).length > 0 && outcome.state === 'approved';
  if (rolls) await lookBefore(input, trail);
  const taken = await carryOut(input, outcome);
  const result =
    rolls && taken.state === 'applied'
      ? { ...taken, detail: `${taken.detail}; ${await bringIntoForce(input, trail)}` }
      : taken;
  if (result.state === 'superseded') await approvals.supersede({ id: input.approvalId }, result.detail);
  trail.add({
    routine: 'settings',
    stepKey: 'decision',
    attemptGroup: 0,
    name: `Settings version ${proposal.version}`,
    kind: 'decision',
    verdict: result.state === 'applied' ? 'pass' : 'not_run',
    observed: `${result.detail}; ${lines.join(', ')}`,
    expected: `${input.needed} of the desk’s approvers agree, and the trader takes the change`,
    startedMs: askedMs,
    finishedMs: Date.now(),
    marketMs: null,
    person: outcome.votes.map(({ person }) => person).join(', ') || null,
    reference: input.approvalId,
    simulated: input.simulated,
  });
  showPhase(`Settings version ${proposal.version}: ${result.state}`, [result.detail, ...lines]);
  showVerdict(result.state === 'applied' ? 'pass' : 'not_run');
  if (result.state === 'refused' || result.state === 'superseded') await tellNotApplied(input, result.detail);
  await condition(() => trail.settled && allHandlersFinished());
  return result;
}

/** People were told that the change is approved, so they have to hear that it is not in force. */
async function tellNotApplied(
  { desk, approvalId, proposal, evidenceMs }: SettingsChangeInput,
  detail: string,
) {
  await recordCalls(desk, evidenceMs)
    .notify.executeWithOptions({ summary: 'Tell people that it is not in force' }, [
      {
        desk,
        event: 'approval',
        severity: 'warning',
        title: `Settings version ${proposal.version}: not applied`,
        text: `${detail}\nThe settings stay as they are. Look at them and ask again.`,
        fingerprint: `approval:${approvalId}:not-applied`,
        audience: ['approver', 'operator'],
      },
    ])
    .catch(() => {});
}

async function carryOut(input: SettingsChangeInput, outcome: ApprovalOutcome): Promise<SettingsChangeResult> {
  const { desk, proposal, approvalId } = input;
  const { state, detail, votes } = outcome;
  if (state !== 'approved') return { state, detail, configHash: null };
  const values = Object.fromEntries(proposal.changes.map(({ key, to }) => [key, to]));
  const { workflowId, firstExecutionRunId } = workflowInfo();
  try {
    const taken = await approvedCalls(desk, proposal.incarnation).reload.executeWithOptions(
      { summary: `Settings version ${proposal.version}` },
      [
        {
          commandId: `${workflowId}:${firstExecutionRunId}`.slice(0, 128),
          by: input.person,
          reason: input.reason,
          baseVersion: proposal.version - 1,
          values,
          approvalId,
          decisions: votes,
        },
      ],
    );
    return { state: 'applied', detail: `${detail}; ${taken.detail}`, configHash: taken.configHash };
  } catch (error) {
    const state = isOvertaken(error) ? 'superseded' : 'refused';
    return { state, detail: `${detail}, not applied: ${causeOf(error)}`, configHash: null };
  }
}

function isOvertaken(error: unknown): boolean {
  const cause = error instanceof ActivityFailure ? error.cause : null;
  return cause instanceof ApplicationFailure && cause.type === SETTINGS_CHANGED;
}
