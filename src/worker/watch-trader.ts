/**
 * Looks at the trader once a second and starts what its state asks for: the resumption of each new halt, routines that
 * are due by a market clock, and schedules that fit the market. Runs that wait for a change are told of it. Each of them
 * fails alone.
 */

import { readStatus } from '../trader/read-status.js';
import { changesOfChecks, changesOfTrader } from './changes-waited-for.js';
import type { FailingChecks } from './failing-checks.js';
import { incidentsOfTrader } from './incidents-of-trader.js';
import { marketClockRoutines } from './market-clock-routines.js';
import { type Repeating, repeat } from './repeat.js';
import { resumptionOfHalts } from './resumption-of-halts.js';
import { scheduleUpkeep } from './schedule-upkeep.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';

const LOOK_EVERY_MS = 1_000;

export interface TraderWatchOptions {
  /** FERMATA_HOME, where a notice waits while Postgres is down. */
  readonly home: string | null;
  readonly failingChecks: FailingChecks;
}

export function watchTrader(context: TraderWatchContext, options: TraderWatchOptions): Repeating {
  const { trader, log } = context;
  const followers: readonly (readonly [string, StatusFollower])[] = [
    ['resumption', resumptionOfHalts(context)],
    ['routines by the market clock', marketClockRoutines(context)],
    ['schedules', scheduleUpkeep(context, options.home)],
    ['incidents', incidentsOfTrader(context)],
    ['changes that runs wait for', changesOfTrader(context)],
    ['checks of a halted desk', changesOfChecks(context, options.failingChecks)],
  ];
  // One that hangs on a Temporal that is down must not keep the others waiting.
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
