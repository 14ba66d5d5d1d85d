/** Temporal's schedules follow the desk file and the market's clock; what people did to them is remembered. */
import {
  applySchedules,
  rememberPauses,
  type ScheduleTarget,
} from '../operations/schedules/apply-schedules.js';
import { runsOnMarketClock } from '../operations/schedules/market-clock.js';
import { scheduleDefinitions } from '../operations/schedules/schedule-definition.js';
import { sweepMissed } from '../operations/schedules/sweep-missed.js';
import type { StatusFollower, TraderWatchContext } from './watch-trader.js';

const REMEMBER_EVERY_MS = 30_000;
const APPLY_MS = 20_000;

export function scheduleUpkeep({ temporal, desk, pool, log }: TraderWatchContext): StatusFollower {
  let appliedFor: string | null = null;
  let rememberedMs = performance.now();
  let swept = false;
  return async ({ incarnation, marketData }) => {
    const marketClock = runsOnMarketClock(marketData);
    const target: ScheduleTarget = {
      desk: desk.desk,
      definitions: scheduleDefinitions(desk, incarnation, marketData.simulated),
      marketClock,
    };
    if (!marketClock && !swept) {
      const missed = await sweepMissed(pool, desk, Date.now());
      if (missed > 0) log.warn({ missed }, 'routines were missed while the desk was not running');
      swept = true;
    }
    const wanted = `${incarnation}:${marketClock}`;
    if (appliedFor !== wanted) {
      await temporal.within(APPLY_MS, (client) => applySchedules(client, pool, target));
      appliedFor = wanted;
      rememberedMs = performance.now();
      return;
    }
    if (performance.now() - rememberedMs < REMEMBER_EVERY_MS) return;
    rememberedMs = performance.now();
    try {
      await temporal.within(APPLY_MS, (client) => rememberPauses(client, pool, target));
    } catch (error) {
      // Also what a Temporal that started afresh says: then they are made again.
      appliedFor = null;
      throw error;
    }
  };
}
