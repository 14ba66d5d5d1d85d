/** At start: which runs did not happen while nothing ran. Nobody has to find that out from a gap. */
import type { Desk } from '../../desk/schema.js';
import type { Pool } from '../../store/pool.js';
import { readRoutineRuns } from '../../store/routine-run.js';
import { readMissedRuns, recordMissedRun } from '../../store/run-missed.js';
import { nominalTimesBetween } from './nominal-times.js';

const LOOKED_AT_MAX = 500;
const RECORDED_MAX = 100;

/**
 * Compares the due times since the last known run with the runs, up to the time that a schedule would still make good.
 * Returns how many were recorded. Only where market time is wall time: another market stands still meanwhile.
 */
export async function sweepMissed(pool: Pool, desk: Desk, nowMs: number): Promise<number> {
  const [runs, missed] = await Promise.all([
    readRoutineRuns(pool, desk.desk, LOOKED_AT_MAX),
    readMissedRuns(pool, desk.desk, LOOKED_AT_MAX),
  ]);
  const scheduled = runs.filter(({ cause }) => cause === 'schedule');
  let recorded = 0;
  for (const routine of desk.routines) {
    const known = [...scheduled, ...missed]
      .filter((run) => run.routine === routine.name)
      .map(({ nominalMs }) => nominalMs);
    if (known.length === 0) continue;
    const untilMs = nowMs - routine.latestMinutes * 60_000;
    const due = nominalTimesBetween(routine, desk.timezone, Math.max(...known), untilMs, RECORDED_MAX);
    for (const nominalMs of due) {
      const reason = 'the desk was not running';
      await recordMissedRun(pool, { desk: desk.desk, routine: routine.name, nominalMs, reason });
      recorded += 1;
    }
  }
  return recorded;
}
