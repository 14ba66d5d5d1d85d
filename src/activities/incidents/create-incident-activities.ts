/** Everything that incidents do outside themselves. */
import { incidentId, incidentNotice } from '../../notify/incident-notice.js';
import type { Notice } from '../../notify/notice.js';
import { taskNotice } from '../../notify/task-notice.js';
import { settleAlertsUntil } from '../../store/incident-alerts.js';
import { keepIncidentFile } from '../../store/incident-files.js';
import { type Incident, saveIncident } from '../../store/incidents.js';
import type { Pool } from '../../store/pool.js';
import { openTask } from '../../store/tasks.js';
import type { RunIdentity } from '../../workflows/evidence.js';
import { lastLogLines } from './last-log-lines.js';
import { type ConditionsQuestion, type MarketConditions, marketConditions } from './market-conditions.js';
import { ledgerPositions, lossesByStrategy, type StrategyLoss } from './read-ledger.js';
import { readStatusPage, type StatusPageReading } from './status-page.js';

/** What opens an incident, before anybody knows whether one lasts. */
export interface Symptom {
  readonly kind: Incident['kind'];
  /** A process, a strategy, a cause, a step; empty where the kind says it all. Lower case, digits, `-` and `.`. */
  readonly subject: string;
  readonly key: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
}

export interface ReviewRequest {
  readonly run: RunIdentity;
  readonly fingerprint: string;
  readonly title: string;
  readonly detail: string;
  readonly dueMs: number;
  readonly simulated: boolean;
}

export interface IncidentActivities {
  /** Writes the row and tells people, each once a key. People are told also while Postgres is down. */
  announceIncident(told: {
    readonly incident: Omit<Incident, 'id'>;
    readonly key: string;
    readonly text: string | null;
  }): Promise<void>;
  keepLogLines(
    request: RunIdentity & { readonly role: string; readonly lines: number },
  ): Promise<{ readonly lines: number; readonly sha256: string }>;
  askForReview(review: ReviewRequest): Promise<void>;
  readStatusPage(url: string): Promise<StatusPageReading>;
  marketConditions(question: ConditionsQuestion): Promise<MarketConditions>;
  lossesByStrategy(since: { readonly sinceMarketMs: number | null }): Promise<readonly StrategyLoss[]>;
  ledgerPositions(): Promise<readonly string[]>;
  /** Null: nobody can say it. */
  processState(name: string): Promise<string | null>;
  /** For workflows that found something wrong; resolves once an incident has it. */
  reportIncident(symptom: Symptom): Promise<void>;
}

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
