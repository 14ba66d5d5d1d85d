/** A person's changes to a schedule, stored outside Temporal, whose development database may be recreated. */
import type { Pool } from './pool.js';

export interface ScheduleState {
  readonly desk: string;
  readonly scheduleId: string;
  readonly routine: string;
  readonly paused: boolean;
  readonly note: string;
  /** Hash of the specification that the desk file required. */
  readonly specHash: string;
}

interface ScheduleRow {
  readonly desk: string;
  readonly schedule_id: string;
  readonly routine: string;
  readonly paused: boolean;
  readonly note: string;
  readonly spec_hash: string;
}

/**
 * Runs that came due during a pause were left out on purpose, so once it is over the sweep continues from
 * now. A miss before the pause that no sweep had found by then is passed over, too.
 */
export async function saveScheduleState(pool: Pool, state: ScheduleState): Promise<void> {
  await pool.query(
    `with resumed as (
       update routine_sweep set swept_until = greatest(swept_until, now()),
         applies_since = greatest(applies_since, now())
        where desk = $1 and routine = $3 and not $4::boolean and exists (
          select from schedule_state where desk = $1 and schedule_id = $2 and paused))
     insert into schedule_state (desk, schedule_id, routine, paused, note, spec_hash)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (desk, schedule_id) do update set routine = excluded.routine, paused = excluded.paused,
       note = excluded.note, spec_hash = excluded.spec_hash, updated = now()`,
    [state.desk, state.scheduleId, state.routine, state.paused, state.note, state.specHash],
  );
}

export async function readScheduleStates(pool: Pool, desk: string): Promise<readonly ScheduleState[]> {
  const found = await pool.query<ScheduleRow>(
    'select * from schedule_state where desk = $1 order by schedule_id',
    [desk],
  );
  return found.rows.map((row) => ({
    desk: row.desk,
    scheduleId: row.schedule_id,
    routine: row.routine,
    paused: row.paused,
    note: row.note,
    specHash: row.spec_hash,
  }));
}
