import type { RunVerdict } from '../contracts/routine.js';
import { nextNominalMs } from '../desk/nominal-times.js';
import { timesOf } from '../desk/routine-times.js';
import type { DeskRoutine } from '../desk/schema.js';
import { readLastRuns } from '../store/routine-run.js';
import { readScheduleStates } from '../store/schedule-state.js';
import { runsOnMarketClock } from '../temporal/schedules/market-clock.js';
import { scheduleIdOf } from '../temporal/schedules/schedule-id.js';
import { readStatus } from '../trader/read-status.js';
import type { OperationContext } from './operation.js';

export interface ScheduledRun {
  readonly scheduleId: string;
  readonly routine: string;
  readonly title: string;
  /** `timed`: at times of its own. `start`: it has none, and runs at each start of the desk. `asked`: only when somebody runs it. */
  readonly when: 'timed' | 'start' | 'asked';
  /** False while Postgres does not answer: whether it is paused and when it ran last is not known then. */
  readonly known: boolean;
  /** By a person. */
  readonly paused: boolean;
  readonly note: string;
  /** `market`: due by market time, which is not wall time now. */
  readonly clock: 'wall' | 'market';
  /** Wall milliseconds, estimated where market time runs at another speed; null while paused or where none is due. */
  readonly nextMs: number | null;
  readonly nextMarketMs: number | null;
  /** Its newest run: when it was due in the desk's own time, and how it ended; null where it never ran. */
  readonly last: { readonly nominalMs: number; readonly verdict: RunVerdict | null } | null;
}

/** Every routine, and when it is due next, from the desk file and the trader's clock; Temporal is not needed to know it. */
export async function listSchedules(context: OperationContext): Promise<readonly ScheduledRun[]> {
  const { desk, pool } = context;
  const [status, states, runs] = await Promise.all([
    readStatus(context).catch(() => null),
    readScheduleStates(pool, desk.desk).catch(() => null),
    readLastRuns(pool, desk.desk).catch(() => null),
  ]);
  const wallMs = context.nowMs();
  const market = status && runsOnMarketClock(status.marketData) ? status.marketData : null;
  return desk.routines.map((routine) => {
    const scheduleId = scheduleIdOf(desk.desk, routine.name);
    const state = states?.find((known) => known.scheduleId === scheduleId);
    const paused = state?.paused ?? false;
    const marketMs = market?.marketMs ?? wallMs;
    const nextMarketMs = paused ? null : nextNominalMs(routine, desk.timezone, marketMs);
    const speed = market ? market.speed : 1;
    const last = runs?.find((run) => run.routine === routine.name);
    return {
      scheduleId,
      routine: routine.name,
      title: routine.title,
      when: whenOf(routine),
      known: states !== null && runs !== null,
      paused,
      note: state?.note ?? '',
      clock: market ? 'market' : 'wall',
      nextMs:
        nextMarketMs === null || speed === null
          ? null
          : Math.round(wallMs + (nextMarketMs - marketMs) / speed),
      nextMarketMs,
      last: last ? { nominalMs: last.nominalMs, verdict: last.verdict } : null,
    };
  });
}

function whenOf(routine: DeskRoutine): ScheduledRun['when'] {
  if (timesOf(routine).length > 0) return 'timed';
  return routine.onStart ? 'start' : 'asked';
}
