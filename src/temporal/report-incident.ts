/**
 * Opens an incident for a symptom, or joins the one that is open for it; and which symptoms of the trader's
 * status are which incident.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WithStartWorkflowOperation } from '@temporalio/client';
import {
  INCIDENT_MESSAGES,
  INCIDENT_OVER,
  type IncidentActivities,
  type IncidentInput,
  type IncidentProgress,
  type IncidentReport,
  type IncidentSeverity,
  type PlaybookRequest,
  type Symptom,
} from '../contracts/incident.js';
import type { PlaybookEnd } from '../contracts/playbook.js';
import { incidentId, operationsQueue } from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { type OwnIncident, offerMinutesOf, shippedKindIn } from '../desk/incident-schema.js';
import { ownIncidents, titleOfOwn } from '../desk/own-incidents.js';
import type { Desk } from '../desk/schema.js';
import { MINUTE_MS } from '../domain/civil-date.js';
import { causeOf } from '../domain/message-of.js';
import type { Halt } from '../domain/mode.js';
import type { ProcessSeen } from '../playbooks/playbook.js';
import { isShippedKind, PLAYBOOKS, SHIPPED_KINDS, type ShippedKind } from '../playbooks/registry.js';
import { recordAlert, settleAlert } from '../store/incident-rows.js';
import type { Pool } from '../store/pool.js';
import type { RejectedOrder } from '../store/read-ledger.js';
import type { TraderClient } from '../trader/client.js';
import type { TemporalAccess } from './open-temporal.js';

interface ReportContext {
  readonly desk: Desk;
  readonly temporal: TemporalAccess;
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly trader: Pick<TraderClient, 'call'>;
  /** The newest incarnation that answered: an incident of a dead trader is about that one. */
  readonly seen?: { readonly incarnation: string | null };
}

export interface Reported {
  /**
   * False: the report joins an incident that another one opened, or it is on record already. A report that is
   * repeated because its answer was lost still counts as the one that opened it.
   */
  readonly opened: boolean;
  readonly workflowId: string | null;
  readonly firstRunId: string | null;
}

const UPDATE_MS = 10_000;
const STATUS_MS = 2_000;
/**
 * An incident that is over accepts no reports, and writes its last evidence before the next one can begin.
 */
const OVER_TRIES_MAX = 30;
const OVER_PAUSE_MS = 250;

/**
 * For a symptom that is reported once, by a person or a step: it opens an incident or joins the open one. Rejects if it
 * reached neither. Opening one needs no Postgres.
 */
export async function reportIncident(context: ReportContext, reported: Symptom): Promise<Reported> {
  const symptom = ofItsKind(context.desk, reported);
  const { settled } = await count(context, symptom);
  return settled ? KNOWN : open(context, symptom);
}

/**
 * A failed step that names no kind belongs to the kind that asks for it; if the desk file no longer has its kind, it is
 * still a failed step. Each of the desk's own kinds has at most one open incident, whoever saw it.
 */
function ofItsKind(desk: Desk, symptom: Symptom): Symptom {
  const own = ownIncidents(desk);
  const isKnown = isShippedKind(symptom.kind) || own.has(symptom.kind);
  const kind = isKnown ? symptom.kind : 'step-failed';
  const opened = [...own].find(([, { trigger }]) => trigger.step === 'failed')?.[0];
  if (kind === 'step-failed' && opened !== undefined) return { ...symptom, kind: opened, subject: '' };
  return { ...symptom, kind, subject: own.has(kind) ? '' : symptom.subject };
}

/**
 * For a symptom that is reported again while it is seen: during its incident it is only counted, since a run
 * accepts at most two thousand messages. Rejects if Temporal can't be reached: the symptom is then reported
 * again. `known`: it had its incident, which may be over; used only while Postgres is away.
 */
export async function reportSymptom(
  context: ReportContext,
  symptom: Symptom,
  known = false,
): Promise<Reported> {
  const { settled, lasts } = await count(context, symptom, known);
  return settled || lasts ? KNOWN : open(context, symptom);
}

const KNOWN: Reported = { opened: false, workflowId: null, firstRunId: null };

function alertOf({ desk }: ReportContext, symptom: Symptom) {
  const { key, source, detail } = symptom;
  return { desk: desk.desk, fingerprint: fingerprintOf(desk.desk, symptom), key, source, detail };
}

function count(context: ReportContext, symptom: Symptom, known = false) {
  return recordAlert(context.pool, alertOf(context, symptom)).catch(() => ({ settled: known, lasts: false }));
}

async function open(context: ReportContext, symptom: Symptom): Promise<Reported> {
  const { desk, pool, nowMs } = context;
  const { key, source, detail } = symptom;
  const status = await context.trader.call('status', {}, { timeoutMs: STATUS_MS }).catch(() => null);
  const start = incidentStart(desk, symptom, status, context.seen?.incarnation ?? null);
  const report: IncidentReport = { key, source, detail: detail.slice(0, 2_000), atMs: nowMs() };
  const { reports, firstRunId } = await send(context, start, report);
  await settleAlert(pool, alertOf(context, symptom)).catch(() => undefined);
  return { opened: reports === 1, workflowId: start.workflowId, firstRunId };
}

async function send(
  { temporal }: ReportContext,
  start: ReturnType<typeof incidentStart>,
  report: IncidentReport,
): Promise<IncidentProgress> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await temporal.within(UPDATE_MS, (client) =>
        client.workflow.executeUpdateWithStart<TakesIncident, IncidentProgress, [IncidentReport]>(
          INCIDENT_MESSAGES.report,
          {
            args: [report],
            updateId: `report:${report.key}`.slice(0, 200),
            startWorkflowOperation: new WithStartWorkflowOperation('incident', start),
          },
        ),
      );
    } catch (error) {
      if (causeOf(error) !== INCIDENT_OVER || tried === OVER_TRIES_MAX) throw error;
      await sleep(OVER_PAUSE_MS);
    }
  }
}

type TakesIncident = (...args: ReturnType<typeof incidentStart>['args']) => Promise<unknown>;

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
  isShippedKind(kind) ? shippedKindIn(incidents, kind).severity : (own?.severity ?? 'medium');

/** A kind from an earlier desk file, which neither ships nor is the desk's own, has the runbook of `reported`. */
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

function settingsOf<Kind extends ShippedKind>({ incidents }: Desk, kind: Kind) {
  const { severity: _severity, ...settings } = shippedKindIn(incidents, kind);
  return settings;
}

type Outcome = Awaited<ReturnType<IncidentActivities['runPlaybook']>>;

const EVERY_MS = 1_000;
const QUERY_MS = 10_000;
const EXPECTED = 'the playbook comes to its end';
const VERDICTS = { done: 'pass', failed: 'fail', cancelled: 'not_run' } as const;

/**
 * A routine's step that is a playbook in code: opens its incident, and waits for the playbook's end. Opens
 * nothing new if called again after its worker was lost. Rejects if the incident can't be reached, or when
 * `ending` is aborted.
 */
export async function playbookOfStep(
  context: ReportContext,
  request: PlaybookRequest,
  ending: AbortSignal,
): Promise<Outcome> {
  const { playbook, key, routine, title, with: given, untilMs } = request;
  const { desk, nowMs } = context;
  if (ownIncidents(desk).get(playbook)?.code === undefined)
    return ended('not_run', `the desk has no playbooks/${playbook} any more`, null);
  const workflowId = incidentId(fingerprintOf(desk.desk, { kind: playbook, subject: '' }));
  const reported = await reportIncident(context, {
    ...{ kind: playbook, subject: '', key, source: `routine ${routine}`, title, with: given },
    detail: `${title}: a step of the routine ${routine}`,
  });
  // The open incident was opened for another reason, with other parameters.
  if (reported.workflowId !== null && !reported.opened)
    return ended('not_run', `one runs already: ${workflowId}`, workflowId);
  for (;;) {
    const progress = await context.temporal.within(QUERY_MS, (client) =>
      client.workflow.getHandle(workflowId).query<IncidentProgress>(INCIDENT_MESSAGES.progress),
    );
    const end = endOf(progress);
    if (end !== null) return ended(VERDICTS[end.ended], end.says, workflowId);
    const goesOn = `${workflowId} goes on by itself`;
    if (untilMs === null) return ended('not_run', goesOn, workflowId);
    if (nowMs() >= untilMs)
      return ended('fail', `not at its end in the time that the step has; ${goesOn}`, workflowId);
    await sleep(EVERY_MS, undefined, { signal: ending });
  }
}

/** Null while the playbook runs. A person may have declared its incident over before. */
function endOf({ playbook, outcome }: IncidentProgress): PlaybookEnd | null {
  if (playbook !== undefined) return playbook;
  return outcome === null ? null : { ended: 'cancelled', says: outcome };
}

const ended = (verdict: Outcome['verdict'], observed: string, reference: string | null): Outcome => ({
  ...{ verdict, observed, expected: EXPECTED, reference },
});

const SOURCE = 'trader';

/**
 * What opens an incident in the trader's status, the processes and the orders. The same occurrence always has the same key.
 * The shipped kinds look after stops and positions, so the desk's own kinds open alongside them. Only
 * `openedByHalt` is left out for a halt that has opened another kind.
 */
export function symptomsOf(desk: Desk, status: TraderStatus): readonly Symptom[] {
  const opened = [
    ...status.halts.flatMap((halt) => ownSymptoms(desk, halt)),
    ...SHIPPED_KINDS.flatMap((kind) => shippedSymptoms(kind, desk, status)),
  ];
  const told = new Set(opened.map(({ key }) => key));
  const others = status.halts.filter(({ haltId }) => !told.has(`halt:${haltId}`));
  return [...opened, ...others.flatMap(haltSymptoms)];
}

function shippedSymptoms(kind: ShippedKind, desk: Desk, status: TraderStatus): Symptom[] {
  const openings = PLAYBOOKS[kind].openedByTrader?.(status, settingsOf(desk, kind) as never) ?? [];
  return openings.map((opening) => ({ kind, source: SOURCE, ...opening }));
}

function haltSymptoms(halt: Halt): Symptom[] {
  return SHIPPED_KINDS.flatMap((kind) =>
    (PLAYBOOKS[kind].openedByHalt?.(halt) ?? []).map((opening) => ({ kind, source: SOURCE, ...opening })),
  );
}

export function symptomsOfProcess(process: ProcessSeen): Symptom[] {
  return SHIPPED_KINDS.flatMap((kind) =>
    (PLAYBOOKS[kind].openedByProcess?.(process) ?? []).map((opening) => ({
      kind,
      source: 'processes',
      ...opening,
    })),
  );
}

/** Symptoms of the desk's own kinds that this cause opens. */
function ownSymptoms(
  desk: Desk,
  { cause, haltId, reason }: Pick<Halt, 'cause' | 'haltId' | 'reason'>,
): Symptom[] {
  return [...ownIncidents(desk)]
    .filter(([, { trigger }]) => trigger.halt.some((one) => one === cause))
    .map(([kind, own]) => ({
      kind,
      subject: '',
      key: `halt:${haltId}`,
      source: SOURCE,
      title: titleOfOwn(kind, own),
      detail: reason,
    }));
}

/** The symptom of the desk's own kind that a rejected order opens; null if it has none. */
export function rejectionSymptom(desk: Desk): ((order: RejectedOrder) => Symptom) | null {
  const found = [...ownIncidents(desk)].find(([, { trigger }]) => trigger.order === 'rejected');
  if (found === undefined) return null;
  const [kind, own] = found;
  return ({ clientId, what, reason }) => ({
    kind,
    subject: '',
    key: `order:${clientId}`,
    source: 'orders',
    title: titleOfOwn(kind, own),
    detail: `${what} (${clientId}): ${reason || 'the venue gave no reason'}`,
  });
}
