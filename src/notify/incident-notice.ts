/** How an incident is presented to people, and the button that says "I have it". */
import { createHash } from 'node:crypto';
import type { Incident } from '../contracts/incident.js';
import type { Notice, NoticeButton, NoticeSeverity } from '../contracts/notice.js';
import { moment } from '../domain/moment.js';
import { MAY_STOP, OPERATOR } from '../domain/roles.js';
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
