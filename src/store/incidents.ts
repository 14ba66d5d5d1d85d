/**
 * Incidents for people to look up. The workflow writes an incident's whole row at each change; the newest
 * revision counts.
 */
import { createHash } from 'node:crypto';
import type { Incident, IncidentSeverity, IncidentState } from '../contracts/incident.js';
import type { IncidentShown } from '../contracts/published.js';
import { type Pool, plainText } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export async function saveIncident(pool: Queries, incident: Incident): Promise<void> {
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
      incident.desk,
      incident.workflowId,
      incident.firstRunId,
      incident.id,
      incident.fingerprint,
      incident.kind,
      incident.subject,
      incident.severity,
      incident.title,
      incident.detail,
      incident.state,
      incident.phase,
      new Date(incident.openedMs),
      new Date(incident.respondByMs),
      incident.escalations,
      dateOf(incident.acknowledgedMs),
      incident.acknowledgedBy,
      dateOf(incident.resolvedMs),
      incident.resolvedBy,
      incident.outcome,
      incident.simulated,
      incident.revision,
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
