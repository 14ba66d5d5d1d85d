/** How much people were told, by event. */
import type { Counted, Span } from './performance.js';
import type { Pool } from './pool.js';

/** Notices by event, those that are critical also as `critical`; the most frequent first. By the time they were written. */
export async function countNotices(pool: Pick<Pool, 'query'>, span: Span): Promise<readonly Counted[]> {
  const found = await pool.query<{ what: string; count: string }>(
    `select what, count(*) as count from notice,
       unnest(case when severity = 'critical' then array[event, 'critical'] else array[event] end) as what
      where desk = $1 and created >= $2 and created < $3 group by what order by count(*) desc, what`,
    [span.desk, new Date(span.fromMs), new Date(span.toMs)],
  );
  return found.rows.map(({ what, count }) => ({ what, count: Number(count) }));
}
