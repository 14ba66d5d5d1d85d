/**
 * Incidents for people to look up, their files, and the symptoms that were seen, each counted under the fingerprint of
 * its incident. The workflow writes an incident's whole row at each change; the newest revision counts.
 */
import { createHash } from 'node:crypto';
import type { Incident, IncidentSeverity, IncidentState } from '../contracts/incident.js';
import type { IncidentShown } from '../contracts/published.js';
import { type Pool, plainText } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export async function saveIncident(pool: Queries, incident: Incident): Promise<void> {
  const { desk, workflowId, firstRunId, id, fingerprint, kind, subject, severity, title, detail } = incident;
  const { state, phase } = incident;
  await pool.query(
    `insert into incident (desk, workflow_id, first_run_id, id, fingerprint, kind, subject, severity, title, detail,
       state, phase, opened, respond_by, escalations, acknowledged, acknowledged_by, resolved, resolved_by, outcome,
       simulated, revision)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
     on conflict (workflow_id, first_run_id) do update set state = excluded.state, phase = excluded.phase,
       severity = excluded.severity, escalations = excluded.escalations, acknowledged = excluded.acknowledged,
       acknowledged_by = excluded.acknowledged_by, resolved = excluded.resolved, resolved_by = excluded.resolved_by,
       outcome = excluded.outcome, revision = excluded.revision
       where incident.revision < excluded.revision`,
    [
      ...[desk, workflowId, firstRunId, id, fingerprint, kind],
      ...[subject, severity, title, detail, state, phase],
      ...[dateOf(incident.openedMs), dateOf(incident.respondByMs), incident.escalations],
      ...[dateOf(incident.acknowledgedMs), incident.acknowledgedBy],
      ...[dateOf(incident.resolvedMs), incident.resolvedBy, incident.outcome],
      ...[incident.simulated, incident.revision],
    ],
  );
}

const SHOWN = 100;

/** Open ones first, then the newest; 100 without a `limit`. */
export async function readIncidents(
  pool: Queries,
  desk: string,
  options: { readonly state?: IncidentState; readonly limit?: number } = {},
): Promise<readonly Incident[]> {
  const found = await pool.query<IncidentRow>(
    `select * from incident where desk = $1 and ($2::text is null or state = $2)
      order by (state <> 'resolved') desc, opened desc limit $3`,
    [desk, options.state ?? null, options.limit ?? SHOWN],
  );
  return found.rows.map(incidentFrom);
}

/** `key`: its id, or a fingerprint; if several incidents have that fingerprint, the newest. */
export async function findIncident(pool: Queries, desk: string, key: string): Promise<Incident | null> {
  const found = await pool.query<IncidentRow>(
    'select * from incident where desk = $1 and (id = $2 or fingerprint = $2) order by opened desc limit 1',
    [desk, key],
  );
  return found.rows[0] ? incidentFrom(found.rows[0]) : null;
}

interface IncidentRow {
  readonly desk: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly id: string;
  readonly fingerprint: string;
  readonly kind: string;
  readonly subject: string;
  readonly severity: IncidentSeverity;
  readonly title: string;
  readonly detail: string;
  readonly state: IncidentState;
  readonly phase: string;
  readonly opened: Date;
  readonly respond_by: Date;
  readonly escalations: number;
  readonly acknowledged: Date | null;
  readonly acknowledged_by: string | null;
  readonly resolved: Date | null;
  readonly resolved_by: string | null;
  readonly outcome: string;
  readonly simulated: boolean;
  readonly revision: number;
}

function incidentFrom(row: IncidentRow): Incident {
  return {
    desk: row.desk,
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    id: row.id,
    fingerprint: row.fingerprint,
    kind: row.kind,
    subject: row.subject,
    severity: row.severity,
    title: row.title,
    detail: row.detail,
    state: row.state,
    phase: row.phase,
    openedMs: row.opened.getTime(),
    respondByMs: row.respond_by.getTime(),
    escalations: row.escalations,
    acknowledgedMs: row.acknowledged?.getTime() ?? null,
    acknowledgedBy: row.acknowledged_by,
    resolvedMs: row.resolved?.getTime() ?? null,
    resolvedBy: row.resolved_by,
    outcome: row.outcome,
    simulated: row.simulated,
    revision: row.revision,
  };
}

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

const CONTENT_CHARS_MAX = 512 * 1024;

type IncidentFile = IncidentShown['files'][number];

/** Stored once per run and name: the same name again returns the first file. Cut to its last 524,288 characters. */
export async function keepIncidentFile(
  pool: Queries,
  run: { readonly workflowId: string; readonly firstRunId: string },
  file: { readonly name: string; readonly content: string },
): Promise<IncidentFile> {
  const content = plainText(file.content).slice(-CONTENT_CHARS_MAX);
  await pool.query(
    `insert into incident_file (workflow_id, first_run_id, name, content, sha256) values ($1, $2, $3, $4, $5)
     on conflict (workflow_id, first_run_id, name) do nothing`,
    [run.workflowId, run.firstRunId, file.name, content, createHash('sha256').update(content).digest('hex')],
  );
  const kept = (await readIncidentFiles(pool, run)).find(({ name }) => name === file.name);
  if (kept === undefined) throw new Error(`${file.name} was not kept`);
  return kept;
}

export async function readIncidentFiles(
  pool: Queries,
  run: { readonly workflowId: string; readonly firstRunId: string },
): Promise<readonly IncidentFile[]> {
  const found = await pool.query<IncidentFile>(
    'select name, content, sha256 from incident_file where workflow_id = $1 and first_run_id = $2 order by name',
    [run.workflowId, run.firstRunId],
  );
  return found.rows;
}

/** A symptom that was seen, once by its key. While an incident lasts, further ones are only counted here. */
interface IncidentAlert {
  readonly desk: string;
  readonly fingerprint: string;
  /** The same for the same occurrence, however often it is seen: a halt id, the time of a crash. */
  readonly key: string;
  /** Who saw it. */
  readonly source: string;
  readonly detail: string;
}

type AlertShown = IncidentShown['alerts'][number];

interface AlertCounted {
  /** An incident has recorded it, now or earlier. */
  readonly settled: boolean;
  /** An incident with this fingerprint is open. */
  readonly lasts: boolean;
}

export async function recordAlert(pool: Queries, alert: IncidentAlert): Promise<AlertCounted> {
  const recorded = await pool.query<AlertCounted>(
    `insert into incident_alert as known (desk, fingerprint, key, source, detail) values ($1, $2, $3, $4, $5)
     on conflict (desk, fingerprint, key) do update set times = known.times + 1, last_seen = now()
     returning settled, exists (
       select from incident where desk = $1 and fingerprint = $2 and state <> 'resolved') as lasts`,
    [alert.desk, alert.fingerprint, alert.key, alert.source, alert.detail],
  );
  const [row] = recorded.rows;
  return row ?? { settled: false, lasts: false };
}

/** Symptoms first seen by a source since then, oldest first; at most 50. */
export async function readAlertsOf(
  pool: Queries,
  desk: string,
  { source, sinceMs }: { readonly source: string; readonly sinceMs: number },
): Promise<readonly Pick<AlertShown, 'detail' | 'firstMs'>[]> {
  const found = await pool.query<{ detail: string; firstMs: number }>(
    `select detail, (extract(epoch from first_seen) * 1000)::float8 as "firstMs" from incident_alert
      where desk = $1 and source = $2 and first_seen >= $3 order by first_seen limit 50`,
    [desk, source, new Date(sinceMs)],
  );
  return found.rows;
}

/** Marks the alert as recorded by an incident. */
export async function settleAlert(
  pool: Queries,
  alert: Pick<IncidentAlert, 'desk' | 'fingerprint' | 'key'>,
): Promise<void> {
  await pool.query(
    'update incident_alert set settled = true where desk = $1 and fingerprint = $2 and key = $3',
    [alert.desk, alert.fingerprint, alert.key],
  );
}

/** Marks alerts that were first seen while the incident was open as part of it. */
export async function settleAlertsUntil(
  pool: Queries,
  { desk, fingerprint, untilMs }: { desk: string; fingerprint: string; untilMs: number },
): Promise<void> {
  await pool.query(
    `update incident_alert set settled = true
      where desk = $1 and fingerprint = $2 and not settled and first_seen <= $3`,
    [desk, fingerprint, new Date(untilMs)],
  );
}

const ALERTS_SHOWN = 50;

/** What is seen opens the incident, and may have been counted a moment before. */
const SEEN_BEFORE_MS = 60_000;

/**
 * What was seen while the incident lasted; the newest 50. What was last seen before the previous incident of its
 * fingerprint was resolved belongs to that one.
 */
export async function readAlerts(
  pool: Queries,
  { desk, fingerprint, openedMs, resolvedMs }: Incident,
): Promise<readonly AlertShown[]> {
  const found = await pool.query<
    Omit<AlertShown, 'firstMs' | 'lastMs'> & { readonly first_seen: Date; readonly last_seen: Date }
  >(
    `select key, source, detail, first_seen, last_seen, times from incident_alert
      where desk = $1 and fingerprint = $2 and ($5::timestamptz is null or first_seen <= $5)
        and last_seen >= greatest($4::timestamptz, (
          select max(resolved) from incident where desk = $1 and fingerprint = $2 and resolved <= $3))
      order by last_seen desc limit $6`,
    [
      ...[desk, fingerprint, new Date(openedMs), new Date(openedMs - SEEN_BEFORE_MS)],
      ...[resolvedMs === null ? null : new Date(resolvedMs), ALERTS_SHOWN],
    ],
  );
  return found.rows.map(({ first_seen: first, last_seen: last, ...row }) => ({
    ...row,
    firstMs: first.getTime(),
    lastMs: last.getTime(),
  }));
}
