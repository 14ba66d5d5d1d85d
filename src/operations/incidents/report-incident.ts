import { WithStartWorkflowOperation } from '@temporalio/client';
import type { Symptom } from '../../activities/incidents/create-incident-activities.js';
import { recordAlert, settleAlert } from '../../store/incident-alerts.js';
import {
  INCIDENT_MESSAGES,
  type IncidentProgress,
  type IncidentReport,
} from '../../workflows/operations/incident/contract.js';
import type { OperationContext } from '../operation.js';
import { fingerprintOf, incidentStart } from './incident-start.js';

export type ReportContext = Pick<OperationContext, 'desk' | 'temporal' | 'pool' | 'nowMs'> & {
  readonly trader: Pick<OperationContext['trader'], 'call'>;
};

export interface Reported {
  /** False: it was only counted, since its incident lasts, or had it before. */
  readonly opened: boolean;
  readonly workflowId: string | null;
}

const UPDATE_MS = 10_000;
const STATUS_MS = 2_000;

/**
 * Opens an incident, or counts the symptom where its incident lasts. Rejects where Temporal can't be reached: the same
 * symptom is reported again then. Postgres is not needed to open one.
 */
export async function reportIncident(context: ReportContext, symptom: Symptom): Promise<Reported> {
  const { desk, pool, temporal, nowMs } = context;
  const { key, source, detail } = symptom;
  const alert = { desk: desk.desk, fingerprint: fingerprintOf(desk.desk, symptom), key, source, detail };
  const { opens } = await recordAlert(pool, alert).catch(() => ({ opens: true }));
  if (!opens) return { opened: false, workflowId: null };
  const status = await context.trader.call('status', {}, { timeoutMs: STATUS_MS }).catch(() => null);
  const start = incidentStart(desk, symptom, status);
  const report: IncidentReport = { key, source, detail: detail.slice(0, 2_000), atMs: nowMs() };
  await temporal.within(UPDATE_MS, (client) =>
    client.workflow.executeUpdateWithStart<TakesIncident, IncidentProgress, [IncidentReport]>(
      INCIDENT_MESSAGES.report,
      {
        args: [report],
        updateId: `report:${key}`.slice(0, 200),
        startWorkflowOperation: new WithStartWorkflowOperation('incident', start),
      },
    ),
  );
  await settleAlert(pool, alert).catch(() => undefined);
  return { opened: true, workflowId: start.workflowId };
}

type TakesIncident = (...args: ReturnType<typeof incidentStart>['args']) => Promise<unknown>;
