/** How an approval is presented to people: everything that they agree to, line by line. */
import type { Approval } from '../contracts/approval.js';
import { type Notice, type NoticeButton, woken } from '../contracts/notice.js';
import type { ApprovalParameters } from '../domain/decision.js';
import { moment } from '../domain/moment.js';
import { MAY_STOP } from '../domain/roles.js';

const HASH_SHOWN = 8;

type VoteTap = 'approve' | 'reject' | 'details';
const LETTERS: Readonly<Record<VoteTap, string>> = { approve: 'A', reject: 'R', details: 'D' };

/**
 * `v:<token>:<letter>:<first digits of the parameters' hash>`: the tap carries which parameters were shown.
 */
function voteButtonData(approval: Pick<Approval, 'token' | 'parametersHash'>, tap: VoteTap): string {
  return `v:${approval.token}:${LETTERS[tap]}:${approval.parametersHash.slice(0, HASH_SHOWN)}`;
}

interface VoteButton {
  readonly token: string;
  readonly tap: VoteTap;
  readonly hashStart: string;
}

/** Null for anything else: the data of a tap comes from outside. */
export function parseVoteButton(data: string): VoteButton | null {
  const match = /^v:([A-Za-z0-9_-]{16}):([ARD]):([0-9a-f]{8})$/.exec(data);
  if (!match) return null;
  const tap = (Object.keys(LETTERS) as VoteTap[]).find((key) => LETTERS[key] === match[2]);
  return tap ? { token: match[1] ?? '', tap, hashStart: match[3] ?? '' } : null;
}

function buttonsOf(approval: Approval): NoticeButton[] {
  return [
    { text: 'Approve', data: voteButtonData(approval, 'approve'), agrees: true },
    { text: 'Reject', data: voteButtonData(approval, 'reject') },
    { text: 'Details', data: voteButtonData(approval, 'details') },
  ];
}

function parameterLines(parameters: ApprovalParameters): string[] {
  return Object.entries(parameters).map(([key, value]) => `${key}: ${value}`);
}

export function approvalText(approval: Approval): string {
  return [
    ...parameterLines(approval.parameters),
    '',
    `Needs ${approval.needed === 1 ? 'one approval' : `${approval.needed} people`} (${approval.roles.join(' or ')}), until ${moment(approval.expiresMs)}.`,
    `Asked by ${approval.requestedBy}. Id: ${approval.id}`,
  ].join('\n');
}

export function approvalNotice(approval: Approval): Notice {
  return {
    desk: approval.desk,
    event: 'approval',
    severity: 'warning',
    title: `Approval: ${approval.title}`,
    text: approvalText(approval),
    fingerprint: `approval:${approval.id}`,
    buttons: buttonsOf(approval),
    audience: approval.roles,
    approvalId: approval.id,
    workflowId: approval.workflowId,
  };
}

export function approvalReminder(
  approval: Approval,
  votedAlready: readonly string[],
  { escalates, key }: { readonly escalates: boolean; readonly key: string },
): Notice {
  const missing = approval.needed - votedAlready.length;
  const have = votedAlready.length > 0 ? `${votedAlready.join(', ')} voted; ` : '';
  return woken('undecided', {
    ...approvalNotice(approval),
    severity: escalates ? 'critical' : 'warning',
    title: `${escalates ? 'Still undecided' : 'Reminder'}: ${approval.title}`,
    text: `${have}${missing} more needed.\n\n${approvalText(approval)}`,
    fingerprint: `approval:${approval.id}:${key}`,
    // A person who may not vote can still reach the people who may.
    ...(escalates ? { audience: MAY_STOP } : {}),
  });
}

export function approvalResult(result: {
  readonly id: string;
  readonly desk: string;
  readonly title: string;
  readonly state: string;
  readonly detail: string;
}): Notice {
  return {
    desk: result.desk,
    event: 'approval',
    severity: 'info',
    title: `${result.title}: ${result.state}`,
    text: result.detail,
    fingerprint: `approval:${result.id}:${result.state}`,
  };
}
