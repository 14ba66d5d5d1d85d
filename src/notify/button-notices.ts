/** Notices with buttons: an incident with "I have it", an approval with its answers. */
import { createHash } from 'node:crypto';
import type { Approval } from '../contracts/approval.js';
import type { Incident } from '../contracts/incident.js';
import { type Notice, type NoticeButton, type NoticeSeverity, woken } from '../contracts/notice.js';
import type { ApprovalParameters } from '../domain/decision.js';
import { moment } from '../domain/moment.js';
import { MAY_STOP, OPERATOR } from '../domain/people-roles.js';
import { topicOfIncident } from '../playbooks/registry.js';

const ID_LENGTH = 16;
/** More would be too much for a message read on a phone at night. */
const CALLED_MAX = 5;

const SEVERITIES: Readonly<Record<Incident['severity'], NoticeSeverity>> = {
  critical: 'critical',
  high: 'critical',
  medium: 'warning',
  low: 'info',
};

/** Short enough for a button, and always the same for the same run. */
export function incidentId({ workflowId, firstRunId }: Pick<Incident, 'workflowId' | 'firstRunId'>): string {
  return createHash('sha256').update(`${workflowId}\n${firstRunId}`).digest('base64url').slice(0, ID_LENGTH);
}

export function acknowledgeButton(id: string): NoticeButton {
  return { text: 'I have it', data: `i:${id}:a` };
}

/** The incident's id; null for anything else: the data of a tap comes from outside. */
export function parseAcknowledgeButton(data: string): string | null {
  return /^i:([A-Za-z0-9_-]{16}):a$/.exec(data)?.[1] ?? null;
}

/**
 * `key`: opened, escalation-2, acknowledged, resolved, alarm-…, cancel-…; each is sent once. `contacts`: whom
 * to call, one line each; shown in escalations, while nobody has answered.
 */
export function incidentNotice(
  incident: Incident,
  key: string,
  text: string | null,
  contacts: readonly string[] = [],
): Notice {
  const isAnswered = incident.state !== 'open';
  return {
    desk: incident.desk,
    event: 'incident',
    severity: severityOf(incident, key),
    about: topicOfIncident(incident.kind),
    title: `${titleOf(incident, key)}: ${incident.title}`,
    text: [
      text ?? incident.detail,
      lineOf(incident),
      ...(key.startsWith('escalation') ? contacts.slice(0, CALLED_MAX).map((line) => `Call ${line}.`) : []),
      `Incident ${incident.id}, ${incident.severity}.`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
    workflowId: incident.workflowId,
    fingerprint: `incident:${incident.id}:${key}`,
    ...(isAnswered ? {} : { buttons: [acknowledgeButton(incident.id)] }),
    ...(audienceOf(key) === null ? {} : { audience: audienceOf(key) ?? [] }),
  };
}

/** Null: the desk's chat. The first escalation goes to the operators, everything else to all who may stop. */
function audienceOf(key: string): readonly string[] | null {
  if (key === 'opened' || key === 'acknowledged' || key === 'resolved') return null;
  return key === 'escalation-1' ? OPERATOR : MAY_STOP;
}

function severityOf(incident: Incident, key: string): NoticeSeverity {
  if (key === 'acknowledged' || key === 'resolved') return 'info';
  if (key.startsWith('cancel-')) return 'warning';
  return key === 'opened' ? SEVERITIES[incident.severity] : 'critical';
}

function titleOf({ escalations }: Incident, key: string): string {
  if (key === 'resolved') return 'Over';
  if (key === 'acknowledged') return 'Somebody has it';
  if (key === 'escalation-1') return 'Nobody has answered';
  if (key.startsWith('cancel-')) return 'Goes on although it was to be cancelled';
  return key.startsWith('escalation') ? `Still nobody has answered (${escalations})` : 'Incident';
}

function lineOf({ state, acknowledgedBy, respondByMs, outcome }: Incident): string {
  if (state === 'resolved') return `How it ended: ${outcome}`;
  if (state === 'acknowledged') return `${acknowledgedBy} has it.`;
  return `Answer by ${moment(respondByMs)}.`;
}

/** How an approval is presented to people: everything that they agree to, line by line. */
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
    ...(approval.lifts ?? []),
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
