/**
 * Polls the trader once a second and starts what its state requires: a resumption for each new halt, routines that are
 * due by a market clock or by the count of trades, and the matching schedules. Wakes runs that wait for a change. Each of these fails
 * independently.
 */

import { readStatus } from '../trader/read-status.js';
import { changesOfChecks, changesOfTrader } from './changes-waited-for.js';
import type { FailingChecks } from './failing-checks.js';
import { incidentsOfTrader } from './incidents-of-trader.js';
import { marketClockRoutines } from './market-clock-routines.js';
import { type Repeating, repeat } from './repeat.js';
import { resumptionOfHalts } from './resumption-of-halts.js';
import { routinesByTrades } from './routines-by-trades.js';
import { scheduleUpkeep } from './schedule-upkeep.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';

const LOOK_EVERY_MS = 1_000;

export interface TraderWatchOptions {
  /** FERMATA_HOME, where notices are spooled while Postgres is down. */
  readonly home: string | null;
  readonly failingChecks: FailingChecks;
}

export function watchTrader(context: TraderWatchContext, options: TraderWatchOptions): Repeating {
  const { trader, desk, log } = context;
  const followers: readonly (readonly [string, StatusFollower])[] = [
    ['resumption', resumptionOfHalts(context)],
    ['routines by the market clock', marketClockRoutines(context)],
    ...(desk.routines.some(({ everyTrades }) => everyTrades !== undefined)
      ? [['routines by count of trades', routinesByTrades(context)] as const]
      : []),
    ['schedules', scheduleUpkeep(context, options.home)],
    ['incidents', incidentsOfTrader(context)],
    ['changes that runs wait for', changesOfTrader(context)],
    ['checks of a halted desk', changesOfChecks(context, options.failingChecks)],
  ];
  // A follower that hangs because Temporal is down must not delay the others.
  const loops = followers.map(([name, follow]) =>
    repeat(name, LOOK_EVERY_MS, log, async () => {
      await follow(await readStatus({ trader }));
    }),
  );
  return {
    stop: async () => {
      await Promise.all(loops.map((loop) => loop.stop()));
    },
  };
}
