/**
 * What is known of schedules outside Temporal, whose development database may be recreated: a person's changes, and up to where
 * their due times were looked at.
 */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

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

export async function readScheduleStates(pool: Queries, desk: string): Promise<readonly ScheduleState[]> {
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

export interface RoutineSweep {
  readonly routine: string;
  readonly untilMs: number;
  readonly missedCatchups: number;
  /** What the desk file said of its times (`timetableOf`); empty: it had no such routine. Null: not known. */
  readonly timetable: string | null;
  /** Since when the timetable applies, without a pause. Null: as far back as is known. */
  readonly appliesSinceMs: number | null;
}

interface SweepRow {
  readonly routine: string;
  readonly swept_until: Date;
  readonly missed_catchups: string;
  readonly timetable: string | null;
  readonly applies_since: Date | null;
}

/** The time up to which each routine's due times were checked, even for a routine that never ran. */
export async function readSweeps(pool: Queries, desk: string): Promise<readonly RoutineSweep[]> {
  const found = await pool.query<SweepRow>(
    `select routine, swept_until, missed_catchups, timetable, applies_since from routine_sweep where desk = $1`,
    [desk],
  );
  return found.rows.map((row) => ({
    routine: row.routine,
    untilMs: row.swept_until.getTime(),
    missedCatchups: Number(row.missed_catchups),
    timetable: row.timetable,
    appliesSinceMs: row.applies_since?.getTime() ?? null,
  }));
}

export async function saveSweep(
  pool: Queries,
  desk: string,
  { routine, untilMs, missedCatchups, timetable, appliesSinceMs }: RoutineSweep,
): Promise<void> {
  await pool.query(
    `insert into routine_sweep (desk, routine, swept_until, missed_catchups, timetable, applies_since)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (desk, routine) do update set
       swept_until = excluded.swept_until, missed_catchups = excluded.missed_catchups,
       timetable = excluded.timetable, applies_since = excluded.applies_since`,
    [
      desk,
      routine,
      new Date(untilMs),
      missedCatchups,
      timetable,
      appliesSinceMs === null ? null : new Date(appliesSinceMs),
    ],
  );
}

interface SettledRoutine {
  readonly routine: string;
  /** When it was last due and ran, or was recorded as missed. */
  readonly lastMs: number;
  /** Of its runs alone. */
  readonly lastRunMs: number | null;
  /** Of those at a start of the trader alone. */
  readonly startedMs: number | null;
}

/**
 * By market time, in (afterMs, untilMs]. Ids of runs end with their market: those of `own` count, and those that name
 * none (`any`), which began before ids named one, or at a start, so that an upgrade repeats nothing.
 */
export async function readSettledOnMarket(
  pool: Queries,
  desk: string,
  { afterMs, untilMs }: Readonly<Record<'afterMs' | 'untilMs', number>>,
  market: Readonly<Record<'any' | 'own', string>>,
): Promise<readonly SettledRoutine[]> {
  const found = await pool.query<{ routine: string; last: Date; ran: Date | null; started: Date | null }>(
    `select routine, max(nominal) as last, max(nominal) filter (where cause <> 'missed') as ran,
            max(nominal) filter (where cause = 'start') as started
       from (
         select routine, nominal, cause from routine_run
          where desk = $1 and cause in ('market-clock', 'start')
            and (position($4 in workflow_id) = 0 or right(workflow_id, length($5)) = $5)
         union all select routine, nominal, 'missed' from run_missed where desk = $1) settled
      where nominal > $2 and nominal <= $3 group by routine`,
    [desk, new Date(afterMs), new Date(untilMs), market.any, market.own],
  );
  return found.rows.map(({ routine, last, ran, started }) => ({
    routine,
    lastMs: last.getTime(),
    lastRunMs: ran?.getTime() ?? null,
    startedMs: started?.getTime() ?? null,
  }));
}

interface TradesBegun {
  /** The count of closed trades at which it last began or was passed over. */
  readonly trades: number;
  /** After how many trades it was due then; null: not known. 0: it was not. */
  readonly every: number | null;
}

/** For each routine due by a count of closed trades. */
export async function readTradesBegun(
  pool: Queries,
  desk: string,
): Promise<ReadonlyMap<string, TradesBegun>> {
  const found = await pool.query<{ routine: string; trades: string; every: number | null }>(
    'select routine, trades, every from routine_trades where desk = $1',
    [desk],
  );
  return new Map(
    found.rows.map(({ routine, trades, every }) => [routine, { trades: Number(trades), every }]),
  );
}

export async function saveTradesBegun(
  pool: Queries,
  desk: string,
  routine: string,
  { trades, every }: TradesBegun,
): Promise<void> {
  await pool.query(
    `insert into routine_trades (desk, routine, trades, every) values ($1, $2, $3, $4)
     on conflict (desk, routine) do update set trades = excluded.trades, every = excluded.every`,
    [desk, routine, trades, every],
  );
}

/** Of all but these routines: one that is put back later counts from then. */
export async function forgetTradesBegun(
  pool: Queries,
  desk: string,
  routines: readonly string[],
): Promise<void> {
  await pool.query(
    'update routine_trades set every = 0 where desk = $1 and routine <> all ($2) and every is distinct from 0',
    [desk, routines],
  );
}
