import { setTimeout as sleep } from 'node:timers/promises';
import { WithStartWorkflowOperation } from '@temporalio/client';
import {
  INCIDENT_MESSAGES,
  INCIDENT_OVER,
  type IncidentProgress,
  type IncidentReport,
} from '../../contracts/incident.js';
import type { Symptom } from '../../contracts/incident-activities.js';
import { isShippedKind } from '../../desk/incident-schema.js';
import { ownIncidents } from '../../desk/own-incidents.js';
import type { Desk } from '../../desk/schema.js';
import { causeOf } from '../../domain/cause-of.js';
import { recordAlert, settleAlert } from '../../store/incident-alerts.js';
import type { Pool } from '../../store/pool.js';
import type { TraderClient } from '../../trader/client.js';
import type { TemporalAccess } from '../open-temporal.js';
import { fingerprintOf, incidentStart } from './incident-start.js';

export interface ReportContext {
  readonly desk: Desk;
  readonly temporal: TemporalAccess;
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly trader: Pick<TraderClient, 'call'>;
  /** The newest incarnation that answered: an incident of a dead trader is about that one. */
  readonly seen?: { readonly incarnation: string | null };
}

export interface Reported {
  /** False: the report joins an open incident, or one that already had it. */
  readonly opened: boolean;
  readonly workflowId: string | null;
  readonly firstRunId: string | null;
}

const UPDATE_MS = 10_000;
const STATUS_MS = 2_000;
/** An incident that is over takes no reports, and writes its last evidence before the next one can begin. */
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
 * For a symptom that is reported again while it is seen: during its incident it is only counted, since a run takes at
 * most two thousand messages. Rejects if Temporal can't be reached: the symptom is then reported again.
 */
export async function reportSymptom(context: ReportContext, symptom: Symptom): Promise<Reported> {
  const { settled, lasts } = await count(context, symptom);
  return settled || lasts ? KNOWN : open(context, symptom);
}

const KNOWN: Reported = { opened: false, workflowId: null, firstRunId: null };

function alertOf({ desk }: ReportContext, symptom: Symptom) {
  const { key, source, detail } = symptom;
  return { desk: desk.desk, fingerprint: fingerprintOf(desk.desk, symptom), key, source, detail };
}

function count(context: ReportContext, symptom: Symptom) {
  return recordAlert(context.pool, alertOf(context, symptom)).catch(() => ({ settled: false, lasts: false }));
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
