/**
 * Starts routines whose time Temporal doesn't know: due by a market clock, or after a number of closed
 * trades.
 */
import { routineId } from '../contracts/queues.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { nominalTimesBetween, runsOnMarketClock } from '../desk/nominal-times.js';
import type { DeskRoutine } from '../desk/schema.js';
import { countClosedTrades, tradeClosedMs } from '../store/ledger-figures.js';
import { recordMissedRun } from '../store/routine-run.js';
import {
  readScheduleStates,
  readSettledOnMarket,
  readTradesBegun,
  saveTradesBegun,
} from '../store/schedule-state.js';
import { scheduleIdOf } from '../temporal/schedules/schedule-definition.js';
import { startRoutine } from '../temporal/start-runs.js';
import type { StatusFollower, TraderWatchContext } from './repeat.js';

/** If more due times than this pass within one poll, the oldest are not even recorded: the market ran past them. */
const DUE_MAX = 100;
/** How far back a restart searches for the last run, in market time. */
const BACK_MS_MAX = 2 * 86_400_000;

export function marketClockRoutines(context: TraderWatchContext): StatusFollower {
  const lookedMs = new Map<string, number>();
  let settledMs: ((routine: string) => number) | null = null;
  return async (status) => {
    const { marketData } = status;
    if (!runsOnMarketClock(marketData) || marketData.state === 'waiting') return;
    const { marketMs } = marketData;
    settledMs ??= await lastSettledMs(context, status);
    for (const routine of context.desk.routines) {
      const fromMs = lookedMs.get(routine.name) ?? settledMs(routine.name);
      const due = nominalTimesBetween(routine, context.desk.timezone, fromMs, marketMs, DUE_MAX);
      const newest = due.pop();
      for (const nominalMs of due) await recordMissed(context, routine, nominalMs, 'the market ran past it');
      if (newest !== undefined) await begin(context, routine, newest, status);
      // Of each by itself: where the next one cannot begin, this one is not looked at again.
      lookedMs.set(routine.name, marketMs);
    }
  };
}

async function begin(
  context: TraderWatchContext,
  routine: DeskRoutine,
  nominalMs: number,
  status: TraderStatus,
): Promise<void> {
  const { desk, temporal } = context;
  if (await isPaused(context, routine.name).catch(() => false)) {
    await recordMissed(context, routine, nominalMs, 'the schedule is paused by a person');
    return;
  }
  const { incarnation, marketData } = status;
  const { marketMs, simulated } = marketData;
  const occasion = {
    cause: 'market-clock',
    nominalMs,
    marketMs,
    incarnation,
    person: null,
    simulated,
  } as const;
  const id = `${routineId(desk.desk, routine.name, nominalMs)}${ofMarket(incarnation)}`;
  await startRoutine(temporal, desk, routine, occasion, id);
}

/** Suffix of a run's id: another seed or recording may cover the same dates. */
const ofMarket = (incarnation: string): string => `:market-${incarnation}`;

async function recordMissed(
  { pool, desk, log }: TraderWatchContext,
  routine: DeskRoutine,
  nominalMs: number,
  reason: string,
): Promise<void> {
  log.warn({ routine: routine.name, nominalMs }, `routine missed: ${reason}`);
  await recordMissedRun(pool, { desk: desk.desk, routine: routine.name, nominalMs, reason });
}

/**
 * By routine, from when on it is looked for what is due: what became due while this process was down still is. From its
 * own last time on, since another routine that was due at the same moment, or later, may have begun without it; but not
 * from before the trader's last start, at which the desk file may have become another. One that has none yet counts
 * from the last one of any.
 */
async function lastSettledMs(
  { pool, desk }: TraderWatchContext,
  { incarnation, halts, marketData: { marketMs } }: TraderStatus,
): Promise<(routine: string) => number> {
  const within = { afterMs: marketMs - BACK_MS_MAX, untilMs: marketMs };
  const market = { any: ofMarket(''), own: ofMarket(incarnation) };
  const settled = await readSettledOnMarket(pool, desk.desk, within, market).catch(() => []);
  const begunMs = halts.flatMap(({ cause, atMarketMs }) =>
    cause === 'startup' && atMarketMs <= marketMs ? [atMarketMs] : [],
  );
  const startedMs = Math.max(...begunMs, ...settled.flatMap(({ startedMs }) => startedMs ?? []));
  const ofAnyMs = settled.flatMap(({ lastRunMs }) => lastRunMs ?? []);
  return (routine) => {
    const own = settled.find((one) => one.routine === routine);
    if (own !== undefined) return Math.max(own.lastMs, startedMs);
    return ofAnyMs.length > 0 ? Math.max(...ofAnyMs) : marketMs;
  };
}

/**
 * Starts routines by the ledger's count of closed trades: one run for the newest count that is due, which
 * also makes up for counts passed during a downtime. A routine that is new to the desk or put back counts from now, and
 * so does one that is due after another number of trades than before. The count is saved after the start, whose id names the
 * count, so a repeated start does nothing.
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
      const isSame = before !== undefined && (before.every ?? everyTrades) === everyTrades;
      if (isSame && before.every !== null && due <= before.trades) continue;
      if (isSame && due > before.trades) {
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
      const trades = isSame ? Math.max(due, before.trades) : due;
      await saveTradesBegun(pool, desk.desk, name, { trades, every: everyTrades });
    }
  };
}

async function isPaused({ pool, desk }: TraderWatchContext, routine: string): Promise<boolean> {
  const id = scheduleIdOf(desk.desk, routine);
  const states = await readScheduleStates(pool, desk.desk);
  return states.some(({ scheduleId, paused }) => scheduleId === id && paused);
}
