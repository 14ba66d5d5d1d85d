import type { IncidentInput, IncidentSeverity, SettingsOf, ShippedKind } from '../../contracts/incident.js';
import type { Symptom } from '../../contracts/incident-activities.js';
import { incidentId, operationsQueue } from '../../contracts/queues.js';
import { runLabel } from '../../contracts/run-label.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { isShippedKind, offerMinutesOf } from '../../desk/incident-schema.js';
import type { OwnIncident } from '../../desk/own-incident-schema.js';
import { ownIncidents } from '../../desk/own-incidents.js';
import type { Desk } from '../../desk/schema.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { PLAYBOOKS } from '../../workflows/operations/incident/playbooks/registry.js';

const LOOK_MS = 5_000;
/** The trader's watcher wakes an incident when something changes. */
const LOOK_MS_MAX = 2 * 60 * MINUTE_MS;
const REVIEW_MS = 24 * 60 * MINUTE_MS;
const EVIDENCE_MS = 24 * 60 * MINUTE_MS;

const WHAT_HAPPENS =
  'People are told until one has answered, the playbook of its kind runs, evidence is kept, and in the end a person is asked for a review.';

/** The same symptom of the same subject is the same incident while it lasts. */
export function fingerprintOf(desk: string, { kind, subject }: Pick<Symptom, 'kind' | 'subject'>): string {
  return [desk, kind, ...(subject === '' ? [] : [subject])].join(':');
}

/**
 * The start options of an incident, whoever saw it first. `status` null: the trader doesn't answer; `known` is then the
 * incarnation that answered last, if any.
 */
export function incidentStart(
  desk: Desk,
  symptom: Symptom,
  status: TraderStatus | null,
  known: string | null = null,
) {
  const fingerprint = fingerprintOf(desk.desk, symptom);
  const own = isShippedKind(symptom.kind) ? undefined : ownIncidents(desk).get(symptom.kind);
  const severity = severityOf(desk, symptom.kind, own);
  const steps = own === undefined ? runbookOf(symptom.kind) : stepsOf(own);
  const input: IncidentInput = {
    desk: desk.desk,
    fingerprint,
    kind: symptom.kind,
    subject: symptom.subject,
    severity,
    title: symptom.title,
    incarnation: status?.incarnation || known,
    simulated: status?.marketData.simulated ?? false,
    timing: timingOf(desk, severity, own),
    settings: isShippedKind(symptom.kind) ? settingsOf(desk, symptom.kind) : {},
    ...(own === undefined ? {} : playbookOf(desk, own, symptom)),
    carried: null,
  };
  return {
    workflowId: incidentId(fingerprint),
    taskQueue: operationsQueue(desk.desk),
    args: [input] as [IncidentInput],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    ...runLabel({
      desk: desk.desk,
      routine: 'incident',
      summary: `Incident of ${desk.desk}: ${symptom.title}`,
      listed: `Incident of ${desk.desk}: ${symptom.kind.replaceAll('-', ' ')}`,
      details: [`${WHAT_HAPPENS}\n`, ...steps.map((step) => `- ${step}`)].join('\n'),
    }),
  };
}

/** Medium for a kind from an earlier desk file. */
const severityOf = ({ incidents }: Desk, kind: string, own: OwnIncident | undefined): IncidentSeverity =>
  isShippedKind(kind) ? incidents.kinds[kind].severity : (own?.severity ?? 'medium');

/** What a kind says that is neither the desk's own nor ships: a step's that an earlier desk file had. */
const runbookOf = (kind: string): readonly string[] =>
  PLAYBOOKS[isShippedKind(kind) ? kind : 'reported'].runbook;

const stepsOf = ({ steps, code }: OwnIncident): readonly string[] =>
  code === undefined ? steps.map(({ title }) => title) : [`What playbooks/${code.name} does, step by step.`];

function playbookOf(
  desk: Desk,
  { steps, over, code }: OwnIncident,
  { with: given }: Pick<Symptom, 'with'>,
): Pick<IncidentInput, 'playbook' | 'code'> {
  const rules = { haltRule: desk.resume.fault, backupsKept: desk.backup.keep };
  if (code === undefined) return { playbook: { steps, over, ...rules } };
  return { code: { ...code, with: { ...code.with, ...given }, ...rules } };
}

function timingOf(
  { incidents }: Desk,
  severity: IncidentSeverity,
  own: OwnIncident | undefined,
): IncidentInput['timing'] {
  const { respondMinutes, escalateMinutes } = incidents.severities[severity];
  return {
    respondMs: respondMinutes * MINUTE_MS,
    escalateMs: escalateMinutes.map((minutes) => minutes * MINUTE_MS),
    lookMs: LOOK_MS,
    lookMsMax: LOOK_MS_MAX,
    offerMs: (own?.approvalMinutes ?? offerMinutesOf(incidents)) * MINUTE_MS,
    reviewMs: REVIEW_MS,
    evidenceMs: EVIDENCE_MS,
  };
}

export function settingsOf<Kind extends ShippedKind>({ incidents }: Desk, kind: Kind): SettingsOf<Kind> {
  const { severity: _severity, ...settings } = incidents.kinds[kind];
  return settings;
}
