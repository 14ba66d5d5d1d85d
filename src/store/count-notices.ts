/** How many notices people got, by event. */
import type { Counted, Span } from './performance.js';
import type { Pool } from './pool.js';

/**
 * Counts notices of these events, by event; critical ones also count as `critical`. Most frequent first. `span` is wall
 * time, because that is a notice's timestamp.
 */
export async function countNotices(
  pool: Pick<Pool, 'query'>,
  span: Span,
  events: readonly string[],
): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select what, count(*) as count from notice,
       unnest(case when severity = 'critical' then array[event, 'critical'] else array[event] end) as what
      where desk = $1 and created >= $2 and created < $3 and event = any($4)
      group by what order by count(*) desc, what`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs), events],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}

/** When the oldest stored notice was written (wall milliseconds); null if there never was one. */
export async function firstNoticeMs(pool: Pick<Pool, 'query'>, desk: string): Promise<number | null> {
  const found = await pool.query<{ first: Date | null }>(
    'select min(created) as first from notice where desk = $1',
    [desk],
  );
  return found.rows[0]?.first?.getTime() ?? null;
}
