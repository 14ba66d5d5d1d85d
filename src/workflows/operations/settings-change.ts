/**
 * A change of settings that may loosen a limit: people approve exactly these values, then the trader, which
 * verifies their votes itself, takes them. The trader refuses if anything has changed meanwhile; then ask
 * again. A roll of a future is also such a change, and needs a restart of the trader.
 */

import { allHandlersFinished, condition, sleep, workflowInfo } from '@temporalio/workflow';
import type { ApprovalOutcome, SettingsChangeInput, SettingsChangeResult } from '../../contracts/approval.js';
import { woken } from '../../contracts/notice.js';
import { type FailureName, NOT_ON_DISK } from '../../contracts/queues.js';
import type { CheckOutcome } from '../../contracts/routine.js';
import { causeOf, isCausedBy } from '../../domain/message-of.js';
import {
  isMonthKey,
  type SettingChange,
  settingsTerms,
  symbolOfMonth,
} from '../../domain/settings-change.js';
import { CANCEL_ASKED, onCancelRequest } from '../cancellation.js';
import { EvidenceTrail } from '../evidence-trail.js';
import { showPhase, showVerdict } from '../show.js';
import { Approvals } from './approval.js';
import { approvedCalls, proofCalls, recordCalls, restartCalls } from './operations-calls.js';

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
    rolls && taken.state === 'applied' && taken.onDisk
      ? { ...taken, detail: `${taken.detail}; ${await bringIntoForce(input, trail)}` }
      : taken;
  const inForce = taken.onDisk ? 'pass' : 'warn';
  const verdict = result.state === 'applied' ? inForce : 'not_run';
  if (result.state === 'superseded') await approvals.supersede({ id: input.approvalId }, result.detail);
  trail.add({
    routine: 'settings',
    stepKey: 'decision',
    attemptGroup: 0,
    name: `Settings version ${proposal.version}`,
    kind: 'decision',
    verdict,
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
  showVerdict(verdict);
  if (result.state === 'refused' || result.state === 'superseded')
    await tellProblem(
      input,
      'not applied',
      result.detail,
      'The settings stay as they are. Look at them and ask again.',
    );
  else if (verdict === 'warn')
    await tellProblem(input, 'not on disk', result.detail, rolls ? ROLL_UNWRITTEN : UNWRITTEN);
  await condition(() => trail.settled && allHandlersFinished());
  const { state, detail, configHash } = result;
  return { state, detail, configHash };
}

const UNWRITTEN =
  'They are in force, and a restart of the trader takes them back. Free the disk of its journal; after the restart look at the settings, and ask again if they are the old ones.';
const ROLL_UNWRITTEN =
  'The new contract is not in force, and nothing is entered. Free the disk of the trader’s journal, then fermata restart trader; ask for the roll again if the contract is still the old one.';

/** People were told that the change is approved, so they must hear that it is not in force, or may not stay so. */
async function tellProblem(
  { desk, approvalId, proposal, evidenceMs }: SettingsChangeInput,
  problem: 'not applied' | 'not on disk',
  detail: string,
  doThis: string,
) {
  await recordCalls(desk, evidenceMs)
    .notify.executeWithOptions({ summary: `Tell people that it is ${problem}` }, [
      {
        desk,
        event: 'approval',
        severity: 'warning',
        title: `Settings version ${proposal.version}: ${problem}`,
        text: `${detail}\n${doThis}`,
        fingerprint: `approval:${approvalId}:${problem.replaceAll(' ', '-')}`,
        audience: ['approver', 'operator'],
      },
    ])
    .catch(() => {});
}

interface Taken extends SettingsChangeResult {
  /** False: the trader has carried it out and can't write it, so its restart takes it back. */
  readonly onDisk: boolean;
}

async function carryOut(input: SettingsChangeInput, outcome: ApprovalOutcome): Promise<Taken> {
  const { desk, proposal, approvalId } = input;
  const { state, detail, votes } = outcome;
  if (state !== 'approved') return { state, detail, configHash: null, onDisk: true };
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
    const { configHash } = taken;
    return { state: 'applied', detail: `${detail}; ${taken.detail}`, configHash, onDisk: true };
  } catch (error) {
    if (isCausedBy(error, NOT_ON_DISK))
      return { state: 'applied', detail: `${detail}; ${causeOf(error)}`, configHash: null, onDisk: false };
    const state = isCausedBy(error, SETTINGS_CHANGED) ? 'superseded' : 'refused';
    return { state, detail: `${detail}, not applied: ${causeOf(error)}`, configHash: null, onDisk: true };
  }
}

const LOOK_EVERY_MS = 5_000;
/**
 * Ten minutes. A restart may be lost with the worker that should have requested it, so it is requested again
 * half way.
 */
const LOOKS = 120;
const RESTART_AT = [0, 60];

const rollsOf = ({ proposal }: SettingsChangeInput): readonly SettingChange[] =>
  proposal.changes.filter(({ key }) => isMonthKey(key));

/**
 * Records the contract that an approved roll leaves, with its price, as evidence. It decides nothing: the trader judges
 * whether the contract can be left.
 */
async function lookBefore(input: SettingsChangeInput, trail: EvidenceTrail): Promise<void> {
  for (const change of rollsOf(input)) {
    const startedMs = Date.now();
    const outcome = await look(input, change, 'from');
    keep(input, trail, { change, step: 'before', name: 'Contract before the roll', startedMs, outcome });
  }
}

/**
 * Restarts the trader with the new contract and reads back that it is in force. Until then the trader enters
 * nothing, whatever happens to this run. Returns the result in words.
 */
async function bringIntoForce(input: SettingsChangeInput, trail: EvidenceTrail): Promise<string> {
  const changes = rollsOf(input);
  const startedMs = Date.now();
  showPhase('Rolled; the trader starts again with the new contract', changes.map(changeWords));
  let open = changes.map((change): Looked => ({ change, outcome: NOT_YET }));
  for (let count = 0; count < LOOKS && open.some(isOpen); count += 1) {
    if (RESTART_AT.includes(count)) await restart(input);
    else await sleep(LOOK_EVERY_MS);
    open = await Promise.all(
      open.map(async (one) =>
        isOpen(one) ? { change: one.change, outcome: await look(input, one.change, 'to') } : one,
      ),
    );
  }
  for (const { change, outcome } of open)
    keep(input, trail, { change, step: 'proof', name: 'Contract after the roll', startedMs, outcome });
  const failed = open.filter(isOpen);
  await tell(input, open);
  if (failed.length === 0) return `${changes.map(changeWords).join(', ')}: proven`;
  return `not proven within ten minutes: ${failed.map(({ outcome }) => outcome.observed).join('; ')}`;
}

interface Looked {
  readonly change: SettingChange;
  readonly outcome: CheckOutcome;
}

const NOT_YET: CheckOutcome = { verdict: 'not_run', observed: 'not looked at', expected: '' };

const isOpen = ({ outcome }: Looked): boolean => outcome.verdict !== 'pass';

const changeWords = ({ key, from, to }: SettingChange): string => `${symbolOfMonth(key)} ${from} → ${to}`;

async function restart({ desk }: SettingsChangeInput): Promise<void> {
  // If the restart fails, the readings don't show the new contract, and people are told what to type.
  await restartCalls(desk)
    .restartProcess.executeWithOptions({ summary: 'Start the trader with the new contract' }, ['trader'])
    .catch(() => {});
}

function look({ desk }: SettingsChangeInput, { key, ...months }: SettingChange, which: 'from' | 'to') {
  const symbol = symbolOfMonth(key);
  return proofCalls(desk)
    .runCheck.executeWithOptions({ summary: `Contract of ${symbol}` }, [
      { check: 'contract-in-force', with: { symbol, month: String(months[which]) } },
    ])
    .catch(
      (error: unknown): CheckOutcome => ({
        verdict: 'not_run',
        observed: `it could not be looked at: ${causeOf(error)}`,
        expected: `${symbol} is ${months[which]}`,
      }),
    );
}

interface Kept extends Looked {
  readonly step: string;
  readonly name: string;
  readonly startedMs: number;
}

function keep(
  { approvalId, simulated }: SettingsChangeInput,
  trail: EvidenceTrail,
  { change, step, name, startedMs, outcome }: Kept,
): void {
  const symbol = symbolOfMonth(change.key);
  trail.add({
    routine: 'settings',
    stepKey: `${step}-${symbol.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`,
    attemptGroup: 0,
    name: `${name}: ${changeWords(change)}`,
    kind: 'check',
    verdict: outcome.verdict,
    observed: outcome.observed,
    expected: outcome.expected,
    startedMs,
    finishedMs: Date.now(),
    marketMs: null,
    person: null,
    reference: approvalId,
    simulated,
  });
}

/** Tells people that it is done, or what they must do; nothing is entered until then. */
async function tell(
  { desk, approvalId, evidenceMs }: SettingsChangeInput,
  looked: readonly Looked[],
): Promise<void> {
  const open = looked.filter(isOpen);
  const done = open.length === 0;
  const words = looked.map(({ change }) => changeWords(change)).join(', ');
  const fingerprint = `roll:${approvalId}`;
  await recordCalls(desk, evidenceMs)
    .notify.executeWithOptions({ summary: 'Tell people of the roll' }, [
      done
        ? {
            ...{ desk, fingerprint, event: 'system', severity: 'info', audience: ['approver', 'operator'] },
            title: `Rolled: ${words}`,
            text: looked.map(({ outcome }) => outcome.observed).join('\n'),
          }
        : woken('roll-unproven', {
            ...{ desk, fingerprint },
            title: `Rolled, and not proven: ${words}`,
            text: `${open.map(({ outcome }) => outcome.observed).join('\n')}\nNothing is entered until the trader has started with the new contract: fermata restart trader, then fermata status.`,
          }),
    ])
    .catch(() => {});
}
