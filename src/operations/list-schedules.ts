import { z } from 'zod';
import { marketMs, type Shape, wallMs } from '../contracts/json-values.js';
import { RUN_VERDICTS } from '../contracts/routine.js';
import { nextNominalMs } from '../desk/nominal-times.js';
import { timesOf } from '../desk/routine-times.js';
import type { DeskRoutine } from '../desk/schema.js';
import { readLastRuns } from '../store/routine-run.js';
import { readScheduleStates } from '../store/schedule-state.js';
import { runsOnMarketClock } from '../temporal/schedules/market-clock.js';
import { scheduleIdOf } from '../temporal/schedules/schedule-id.js';
import { readStatus } from '../trader/read-status.js';
import type { OperationContext } from './operation.js';

export const runVerdict = z.enum(RUN_VERDICTS).nullable().describe('Null while it runs');

export const scheduleSchema = z.object({
  scheduleId: z.string(),
  routine: z.string(),
  title: z.string(),
  when: z
    .enum(['timed', 'start', 'asked'])
    .describe(
      'timed: at times of its own; start: it has none, and runs at each start of the desk; asked: only when somebody runs it',
    ),
  known: z.boolean().describe('false: the database does not answer; `paused` and `last` say nothing'),
  /** Paused by a person. */
  paused: z.boolean(),
  note: z.string(),
  clock: z.enum(['wall', 'market']).describe('market: due by the time of the prices'),
  /** Null while paused, or if none is due. */
  nextMs: wallMs.nullable().describe('Estimated where market time runs at another speed'),
  nextMarketMs: marketMs.nullable(),
  /** `nominalMs`: when it was due in the desk's own time. Null if it never ran. */
  last: z.object({ nominalMs: marketMs, verdict: runVerdict }).nullable().describe('Its newest run'),
});
export type ScheduledRun = Shape<typeof scheduleSchema>;

/** Every routine and when it is due next, from the desk file and the trader's clock; needs no Temporal. */
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
