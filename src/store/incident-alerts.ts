/** The symptoms that were seen, each counted under the fingerprint of its incident. */
import type { Incident } from '../contracts/incident.js';
import type { IncidentShown } from '../contracts/published.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

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
