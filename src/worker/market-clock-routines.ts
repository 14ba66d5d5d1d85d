/** Starts routines that are due by a market clock, which Temporal doesn't know. */
import type { TraderStatus } from '../contracts/trader-status.js';
import { nominalTimesBetween } from '../desk/nominal-times.js';
import type { DeskRoutine } from '../desk/schema.js';
import { readRoutineRuns, recordMissedRun } from '../store/routine-run.js';
import { readScheduleStates } from '../store/schedule-state.js';
import { runsOnMarketClock, scheduleIdOf } from '../temporal/schedules/schedule-definition.js';
import { startRoutine } from '../temporal/schedules/start-routine.js';
import type { StatusFollower, TraderWatchContext } from './trader-watch.js';

/** If more due times than this pass within one poll, the oldest are not even recorded: the market ran past them. */
const DUE_MAX = 100;
/** How far back a restart searches for the last run, in market time. */
const BACK_MS_MAX = 2 * 86_400_000;
const RUNS_READ = 50;

export function marketClockRoutines(context: TraderWatchContext): StatusFollower {
  let lookedMs: number | null = null;
  return async (status) => {
    const { marketData } = status;
    if (!runsOnMarketClock(marketData) || marketData.state === 'waiting') return;
    const { marketMs } = marketData;
    const fromMs = lookedMs ?? (await lastRunMs(context, marketMs));
    for (const routine of context.desk.routines) {
      const due = nominalTimesBetween(routine, context.desk.timezone, fromMs, marketMs, DUE_MAX);
      const newest = due.pop();
      for (const nominalMs of due) await recordMissed(context, routine, nominalMs, 'the market ran past it');
      if (newest !== undefined) await begin(context, routine, newest, status);
    }
    lookedMs = marketMs;
  };
}

async function begin(
  context: TraderWatchContext,
  routine: DeskRoutine,
  nominalMs: number,
  status: TraderStatus,
): Promise<void> {
  const { desk, pool, temporal } = context;
  const states = await readScheduleStates(pool, desk.desk).catch(() => []);
  const id = scheduleIdOf(desk.desk, routine.name);
  if (states.some(({ scheduleId, paused }) => scheduleId === id && paused)) {
    await recordMissed(context, routine, nominalMs, 'the schedule is paused by a person');
    return;
  }
  await startRoutine(temporal, desk, routine, {
    cause: 'market-clock',
    nominalMs,
    marketMs: status.marketData.marketMs,
    incarnation: status.incarnation,
    person: null,
    simulated: status.marketData.simulated,
  });
}

async function recordMissed(
  { pool, desk, log }: TraderWatchContext,
  routine: DeskRoutine,
  nominalMs: number,
  reason: string,
): Promise<void> {
  log.warn({ routine: routine.name, nominalMs }, `routine missed: ${reason}`);
  await recordMissedRun(pool, { desk: desk.desk, routine: routine.name, nominalMs, reason });
}

/** A routine that became due while this process was down is still due. */
async function lastRunMs({ pool, desk }: TraderWatchContext, marketMs: number): Promise<number> {
  const runs = await readRoutineRuns(pool, desk.desk, RUNS_READ).catch(() => []);
  const times = runs
    .filter(({ cause }) => cause === 'market-clock' || cause === 'start')
    .map(({ nominalMs }) => nominalMs)
    .filter((ms) => ms <= marketMs && ms > marketMs - BACK_MS_MAX);
  return times.length > 0 ? Math.max(...times) : marketMs;
}
