/** Up to when each routine's due times were checked: a routine that never ran also has a time from which it counts. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

export interface RoutineSweep {
  readonly routine: string;
  readonly untilMs: number;
  readonly missedCatchups: number;
}

export async function readSweeps(pool: Queries, desk: string): Promise<readonly RoutineSweep[]> {
  const found = await pool.query<{ routine: string; swept_until: Date; missed_catchups: string }>(
    'select routine, swept_until, missed_catchups from routine_sweep where desk = $1',
    [desk],
  );
  return found.rows.map(({ routine, swept_until: until, missed_catchups: missed }) => ({
    routine,
    untilMs: until.getTime(),
    missedCatchups: Number(missed),
  }));
}

/** Due times since then that were run by a schedule or recorded as missed, each as `routine:milliseconds`. */
export async function readSettledTimes(
  pool: Queries,
  desk: string,
  sinceMs: number,
): Promise<ReadonlySet<string>> {
  const found = await pool.query<{ routine: string; nominal: Date }>(
    `select routine, nominal from routine_run where desk = $1 and cause = 'schedule' and nominal >= $2
     union select routine, nominal from run_missed where desk = $1 and nominal >= $2`,
    [desk, new Date(sinceMs)],
  );
  return new Set(found.rows.map(({ routine, nominal }) => `${routine}:${nominal.getTime()}`));
}

/** The last due time that was run or recorded as missed; null if there is none. */
export async function lastSettledMs(pool: Queries, desk: string, routine: string): Promise<number | null> {
  const found = await pool.query<{ last: Date | null }>(
    `select max(nominal) as last from (
       select nominal from routine_run where desk = $1 and routine = $2 and cause = 'schedule'
       union select nominal from run_missed where desk = $1 and routine = $2) settled`,
    [desk, routine],
  );
  return found.rows[0]?.last?.getTime() ?? null;
}

export async function saveSweep(
  pool: Queries,
  desk: string,
  { routine, untilMs, missedCatchups }: RoutineSweep,
): Promise<void> {
  await pool.query(
    `insert into routine_sweep (desk, routine, swept_until, missed_catchups) values ($1, $2, $3, $4)
     on conflict (desk, routine) do update set
       swept_until = excluded.swept_until, missed_catchups = excluded.missed_catchups`,
    [desk, routine, new Date(untilMs), missedCatchups],
  );
}
