/** Everything that incidents do outside themselves. */

import type { IncidentActivities, ReviewRequest, Symptom } from '../../contracts/incident-activities.js';
import type { Notice } from '../../contracts/notice.js';
import { incidentId, incidentNotice } from '../../notify/incident-notice.js';
import { taskNotice } from '../../notify/task-notice.js';
import { settleAlertsUntil } from '../../store/incident-alerts.js';
import { keepIncidentFile } from '../../store/incident-files.js';
import { saveIncident } from '../../store/incidents.js';
import type { Pool } from '../../store/pool.js';
import { openTask } from '../../store/tasks.js';
import { lastLogLines } from './last-log-lines.js';
import { marketConditions } from './market-conditions.js';
import { ledgerPositions, lossesByStrategy } from './read-ledger.js';
import { readStatusPage } from './status-page.js';

export interface IncidentDependencies {
  readonly pool: Pool;
  readonly desk: string;
  /** FERMATA_HOME. */
  readonly home: string;
  readonly tell: (notice: Notice) => Promise<void>;
  readonly processState: (name: string) => Promise<string | null>;
  readonly reportIncident: (symptom: Symptom) => Promise<void>;
}

export function createIncidentActivities(dependencies: IncidentDependencies): IncidentActivities {
  const { pool, desk, home, tell, processState, reportIncident } = dependencies;
  return {
    announceIncident: async ({ incident: row, key, text }) => {
      const incident = { ...row, id: incidentId(row) };
      await tell(incidentNotice(incident, key, text));
      await saveIncident(pool, incident);
      const { fingerprint, resolvedMs } = incident;
      if (resolvedMs !== null)
        await settleAlertsUntil(pool, { desk: row.desk, fingerprint, untilMs: resolvedMs });
    },
    keepLogLines: async ({ workflowId, firstRunId, role, lines }) => {
      const found = await lastLogLines(home, role, lines);
      if (found.length === 0) return { lines: 0, sha256: '' };
      const file = { name: `log-${role}.txt`, content: found.join('\n') };
      const kept = await keepIncidentFile(pool, { workflowId, firstRunId }, file);
      return { lines: kept.content.split('\n').length, sha256: kept.sha256 };
    },
    askForReview: (review) => askForReview(pool, tell, review),
    readStatusPage,
    marketConditions: (question) => marketConditions(pool, desk, question),
    lossesByStrategy: ({ sinceMarketMs }) => lossesByStrategy(pool, desk, sinceMarketMs),
    ledgerPositions: () => ledgerPositions(pool, desk),
    processState,
    reportIncident,
  };
}

async function askForReview(
  pool: Pool,
  tell: (notice: Notice) => Promise<void>,
  { run, fingerprint, title, detail, dueMs, simulated }: ReviewRequest,
): Promise<void> {
  const task = await openTask(pool, {
    desk: run.desk,
    source: `review:${fingerprint}:${run.firstRunId}`,
    title: `Post-incident review: ${title}`,
    detail: `${detail}. What was the cause, what went well, what has to change? Note it when the task is done.`,
    dueMs,
    origin: {
      workflowId: run.workflowId,
      firstRunId: run.firstRunId,
      routine: 'incident',
      stepKey: 'review',
      simulated,
    },
  });
  if (task.state === 'open') await tell(taskNotice(task));
}
