import type { IncidentState } from '../../contracts/incident.js';
import type { Incident, IncidentShown } from '../../contracts/published.js';
import { contactsFor } from '../../desk/contacts.js';
import { contactLine } from '../../desk/contacts-schema.js';
import { readEvidence } from '../../store/evidence/read-evidence.js';
import { readAlerts } from '../../store/incident-alerts.js';
import { readIncidentFiles } from '../../store/incident-files.js';
import { findIncident, readIncidents } from '../../store/incidents.js';
import type { OperationContext } from '../operation.js';

type Store = Pick<OperationContext, 'pool' | 'desk'>;

export interface IncidentQuery {
  readonly state?: IncidentState;
  readonly limit?: number;
}

/** Those that last first, then the newest. Rejects while Postgres is down. */
export function listIncidents(
  { pool, desk }: Store,
  options: IncidentQuery = {},
): Promise<readonly Incident[]> {
  return readIncidents(pool, desk.desk, options);
}

/** `incident`: its id or fingerprint. Null if there is none; rejects while Postgres is down. */
export async function readIncident({ pool, desk }: Store, incident: string): Promise<IncidentShown | null> {
  const found = await findIncident(pool, desk.desk, incident);
  if (found === null) return null;
  const { workflowId, firstRunId, fingerprint, openedMs } = found;
  const [evidence, alerts, files] = await Promise.all([
    readEvidence(pool, { desk: desk.desk, workflowId, firstRunId }),
    readAlerts(pool, { desk: desk.desk, fingerprint, sinceMs: openedMs - 60_000 }),
    readIncidentFiles(pool, found),
  ]);
  const timeline = evidence
    .map(({ id, finishedMs, name, verdict, observed, expected, person, stepKey }) => ({
      stepKey,
      entry: { atMs: finishedMs, name, verdict, observed, expected, person, evidenceId: id },
    }))
    // Step keys are numbered in the order in which things happened; later entries from elsewhere have a name instead.
    .sort((a, b) => (a.stepKey < b.stepKey ? -1 : 1))
    .map(({ entry }) => entry);
  return { ...found, timeline, alerts, files, contacts: contactsFor(desk, found.kind).map(contactLine) };
}
