/**
 * Polls the trader once a second and starts what its state requires: a resumption for each new halt, routines that are
 * due by a market clock or by the count of trades, incidents, and the matching schedules. Wakes runs that wait for a
 * change. Each of these fails independently.
 */

import { routineId } from '../contracts/queues.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import type { KeptTask } from '../home/try-again.js';
import { awaitVerdict, resumptionStart, startRoutine, startRoutineOf } from '../temporal/start-runs.js';
import { readStatus } from '../trader/read-status.js';
import { changesOfChecks, changesOfTrader, type FailingChecks } from './changes-waited-for.js';
import { incidentsOfTrader } from './incidents-of-trader.js';
import { repeat } from './repeat.js';
import { marketClockRoutines, routinesByTrades } from './routines-due.js';
import { scheduleUpkeep } from './schedule-upkeep.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';
import { watchOverAuditor } from './watch-around.js';

const LOOK_EVERY_MS = 1_000;

interface TraderWatchOptions {
  /** FERMATA_HOME, where notices are spooled while Postgres is down. */
  readonly home: string | null;
  readonly failingChecks: FailingChecks;
}

export function watchTrader(context: TraderWatchContext, options: TraderWatchOptions): KeptTask {
  const { trader, desk, log } = context;
  const followers: readonly (readonly [string, StatusFollower])[] = [
    ['resumption', resumptionOfHalts(context)],
    ['routines by the market clock', marketClockRoutines(context)],
    ...(desk.routines.some(({ everyTrades }) => everyTrades !== undefined)
      ? [['routines by count of trades', routinesByTrades(context)] as const]
      : []),
    ['schedules', scheduleUpkeep(context, options.home)],
    ['incidents', incidentsOfTrader(context)],
    ...(options.home === null ? [] : [['auditor', watchOverAuditor(context, options.home)] as const]),
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

/** A Temporal that was restored or recreated has lost the resumption: it is started again. */
const ASK_AGAIN_MS = 60_000;
const START_MS = 5_000;
const ROUTINE_PATIENCE_MS = 60_000;

/** Starts a resumption for each halt. After a start of the trader, the start routine runs first. */
export function resumptionOfHalts(context: TraderWatchContext): StatusFollower {
  let asked: { readonly haltId: string; readonly atMs: number } | null = null;
  return async (status) => {
    const { haltId } = status;
    if (haltId === null || status.mode === 'ACTIVE') {
      asked = null;
      return;
    }
    if (asked?.haltId === haltId && performance.now() - asked.atMs < ASK_AGAIN_MS) return;
    // Before the first prices arrive, the checks could only fail.
    if (asked?.haltId !== haltId && status.marketData.state === 'waiting') return;
    await runStartRoutine(context, status);
    const { temporal, desk } = context;
    await temporal.within(START_MS, (client) =>
      client.workflow.start('resumption', resumptionStart(desk, haltId, status)),
    );
    asked = { haltId, atMs: performance.now() };
  };
}

/**
 * Once per start of the trader: its id contains the id of the start's halt, so repeating it does nothing.
 * Market time by itself doesn't distinguish starts: on a recorded market, or one that stands, two have the
 * same.
 */
async function runStartRoutine({ temporal, desk }: TraderWatchContext, status: TraderStatus): Promise<void> {
  const startup = status.halts.find(({ cause }) => cause === 'startup');
  const routine = startRoutineOf(desk);
  if (!startup || !routine) return;
  const occasion = {
    cause: 'start',
    nominalMs: startup.atMarketMs,
    marketMs: status.marketData.marketMs,
    incarnation: status.incarnation,
    person: null,
    simulated: status.marketData.simulated,
  } as const;
  const id = `${routineId(desk.desk, routine.name, startup.atMarketMs)}:start-${startup.haltId}`;
  const workflowId = await startRoutine(temporal, desk, routine, occasion, id);
  await awaitVerdict(temporal, workflowId, ROUTINE_PATIENCE_MS);
}
