import type { IncidentInput, IncidentSeverity } from '../../contracts/incident.js';
import type { Symptom } from '../../contracts/incident-activities.js';
import { incidentId, operationsQueue } from '../../contracts/queues.js';
import { runLabel } from '../../contracts/run-label.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { isShippedKind } from '../../desk/incident-schema.js';
import type { OwnIncident } from '../../desk/own-incident-schema.js';
import { ownIncidents } from '../../desk/own-incidents.js';
import type { Desk } from '../../desk/schema.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import { RUNBOOK } from '../../workflows/operations/incident/runbook.js';

const LOOK_MS = 5_000;
/** The trader's watcher wakes an incident when something changes; nobody does that for an exchange's status page. */
const LOOK_MS_MAX = 2 * 60 * MINUTE_MS;
const LOOK_AT_PAGE_MS_MAX = 10 * MINUTE_MS;
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
    ...rulesOf(desk, symptom.kind, severity, own),
    ...(own === undefined ? {} : playbookOf(desk, own)),
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

/** A kind that is neither the desk's own nor ships comes from a step in an earlier desk file. */
const runbookOf = (kind: string): readonly string[] => RUNBOOK[isShippedKind(kind) ? kind : 'reported'];

const stepsOf = ({ steps, code }: OwnIncident): readonly string[] =>
  code === undefined ? steps.map(({ title }) => title) : [`What playbooks/${code.name} does, step by step.`];

function playbookOf(
  desk: Desk,
  { steps, over, code }: OwnIncident,
): Pick<IncidentInput, 'playbook' | 'code'> {
  const rules = { haltRule: desk.resume.fault, backupsKept: desk.backup.keep };
  return code === undefined ? { playbook: { steps, over, ...rules } } : { code: { ...code, ...rules } };
}

function rulesOf(
  desk: Desk,
  kind: Symptom['kind'],
  severity: IncidentSeverity,
  own: OwnIncident | undefined,
): Pick<IncidentInput, 'timing' | 'settings'> {
  const { kinds, severities } = desk.incidents;
  const { respondMinutes, escalateMinutes } = severities[severity];
  const drawdown = kinds['large-drawdown'];
  const strategy = kinds['strategy-underperforming'];
  return {
    timing: {
      respondMs: respondMinutes * MINUTE_MS,
      escalateMs: escalateMinutes.map((minutes) => minutes * MINUTE_MS),
      lookMs: LOOK_MS,
      lookMsMax: kind === 'exchange-down' ? LOOK_AT_PAGE_MS_MAX : LOOK_MS_MAX,
      offerMs: (own?.approvalMinutes ?? drawdown.offerMinutes) * MINUTE_MS,
      reviewMs: REVIEW_MS,
      evidenceMs: EVIDENCE_MS,
    },
    settings: {
      statusPage: kinds['exchange-down'].statusPage,
      offerSizePct: drawdown.offerSizePct,
      volatilityTimesNormal: drawdown.volatilityTimesNormal,
      nearLimitPct: drawdown.nearLimitPct,
      logLines: kinds['crash-and-restart'].logLines,
      watchMs: (kinds['crash-and-restart'].watchMinutes ?? 0) * MINUTE_MS,
      losingTrades: strategy.losingTrades,
      losingWinRatePct: strategy.losingWinRatePct,
    },
  };
}
