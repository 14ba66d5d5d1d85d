/** Starts routines that are due after so many closed trades, by the ledger's count. */
import { routineId } from '../contracts/queues.js';
import { countClosedTrades, tradeClosedMs } from '../store/performance.js';
import { readTradesBegun, recordMissedRun, saveTradesBegun } from '../store/routine-run.js';
import { readScheduleStates } from '../store/schedule-state.js';
import { scheduleIdOf } from '../temporal/schedules/schedule-definition.js';
import { startRoutine } from '../temporal/schedules/start-routine.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';

/**
 * Once for the newest count that is due: what a downtime ran past is made good by one run. A routine that is new to the
 * desk counts from now. The count is saved after the start, whose id names the count: a start that is tried again does
 * nothing.
 */
export function routinesByTrades(context: TraderWatchContext): StatusFollower {
  const { desk, pool, temporal } = context;
  return async ({ incarnation, marketData }) => {
    const [closed, begun] = await Promise.all([
      countClosedTrades(pool, desk.desk),
      readTradesBegun(pool, desk.desk),
    ]);
    for (const routine of desk.routines) {
      const { name, everyTrades } = routine;
      if (everyTrades === undefined) continue;
      const due = closed - (closed % everyTrades);
      const before = begun.get(name);
      if (before !== undefined && due <= before) continue;
      if (before !== undefined) {
        const nominalMs = await tradeClosedMs(pool, desk.desk, due);
        if (await isPaused(context, name)) {
          const reason = `due after trade ${due}; the schedule is paused by a person`;
          await recordMissedRun(pool, { desk: desk.desk, routine: name, nominalMs, reason });
        } else {
          const { marketMs, simulated } = marketData;
          await startRoutine(
            temporal,
            desk,
            routine,
            { cause: 'trades', nominalMs, marketMs, incarnation, person: null, simulated },
            `${routineId(desk.desk, name, nominalMs)}:trade-${due}`,
          );
        }
      }
      await saveTradesBegun(pool, desk.desk, name, due);
    }
  };
}

async function isPaused({ pool, desk }: TraderWatchContext, routine: string): Promise<boolean> {
  const id = scheduleIdOf(desk.desk, routine);
  const states = await readScheduleStates(pool, desk.desk);
  return states.some(({ scheduleId, paused }) => scheduleId === id && paused);
}
