/**
 * Polls the trader once a second and starts what its state requires: a resumption for each new halt,
 * routines that are due by a market clock or by the count of trades, incidents, and the matching schedules.
 * Wakes runs that wait for a change. Each of these fails independently. Also tells people what a desk that
 * goes on does not tell by itself: nobody watches its account, because the auditor has completed no audit
 * for minutes although the trader reads that account; its disk is nearly full.
 */
import { routineId } from '../contracts/queues.js';
import type { TraderStatus } from '../contracts/trader-status.js';
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import { moment } from '../domain/moment.js';
import { FREE_MB_MIN, type FreeBytes, freeBytes, wholeMegabytes } from '../home/free-space.js';
import { readLastAudit } from '../home/last-audit.js';
import type { KeptTask } from '../home/try-again.js';
import { awaitVerdict, resumptionStart, startRoutine, startRoutineOf } from '../temporal/start-runs.js';
import { readStatus } from '../trader/read-status.js';
import {
  changesOfChecks,
  changesOfGoLive,
  changesOfTrader,
  type FailingChecks,
} from './changes-waited-for.js';
import { incidentsOfTrader } from './incidents-of-trader.js';
import { repeat, type StatusFollower, type TraderWatchContext } from './repeat.js';
import { marketClockRoutines, routinesByTrades } from './routines-due.js';
import { scheduleUpkeep } from './schedule-upkeep.js';
import { tellStanding } from './stuck-runs.js';

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
    ['a go-live that people are asked about', changesOfGoLive(context)],
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

/** An audit is due every three seconds. */
const UNAUDITED_MINUTES_MAX = 5;
/** A longer pause between two polls is no time without an audit: the trader was down, or the machine slept. */
const PAUSE_MS_MAX = 10_000;

/** `home`: FERMATA_HOME. `nowMs`: monotonic time. */
export function watchOverAuditor(
  context: TraderWatchContext,
  home: string,
  nowMs: () => number = () => performance.now(),
): StatusFollower {
  let auditedMs: number | null | undefined;
  let unauditedMs = 0;
  let polledMs = nowMs();
  let told = false;
  return async (status) => {
    const passedMs = nowMs() - polledMs;
    polledMs += passedMs;
    const last = readLastAudit(home);
    if (last === null || last.atMs !== auditedMs) {
      auditedMs = last?.atMs;
      unauditedMs = 0;
      told = false;
      return;
    }
    if (readsTheAccount(status)) unauditedMs += Math.min(passedMs, PAUSE_MS_MAX);
    if (told || unauditedMs < UNAUDITED_MINUTES_MAX * MINUTE_MS) return;
    const since = last.atMs === null ? 'yet' : `since ${moment(last.atMs)}`;
    const key = `unwatched-account:${last.atMs ?? status.startedWallMs}`;
    await tellStanding(context, home, {
      about: 'unwatched-account',
      ...{ fingerprint: key, key },
      subject: 'auditor',
      source: 'watch over the auditor',
      title: 'nobody watches the account from outside',
      detail: `the auditor has completed no audit ${since}, although the trader reads the account: ${last.problem ?? 'it does not say why'}`,
      doThis:
        'The desk goes on by its own books and limits. Put right what the auditor names, or stop the desk.',
      fields: { key },
    });
    told = true;
  };
}

/** Where the trader can't compare its books either, the venue is away, and that is told by itself. */
function readsTheAccount({ reconciliation: { state } }: TraderStatus): boolean {
  return state === 'clean' || state === 'differences';
}

const DISK_EVERY_MS = 10_000;

/** `home`: FERMATA_HOME. */
export function watchFreeSpace(context: TraderWatchContext, home: string): KeptTask {
  return repeat('watch over the disk', DISK_EVERY_MS, context.log, lookAtDisk(context, home));
}

/** Each call is one poll. People are told once until there is room again. */
export function lookAtDisk(
  context: TraderWatchContext,
  home: string,
  free: FreeBytes = freeBytes,
): () => Promise<void> {
  let told = false;
  return async () => {
    const freeMb = wholeMegabytes(await free(home));
    if (freeMb >= 2 * FREE_MB_MIN) told = false;
    if (told || freeMb >= FREE_MB_MIN) return;
    // Not again after each restart of this worker.
    const key = `disk-full:${Math.floor(Date.now() / HOUR_MS)}`;
    await tellStanding(context, home, {
      about: 'disk-full',
      ...{ fingerprint: `${context.desk.desk}:${key}`, key },
      subject: 'disk',
      source: 'watch over the disk',
      title: 'the disk is nearly full',
      detail: `${freeMb} MB are free where ${home} lies, and the desk does not start with less than ${FREE_MB_MIN} MB`,
      doThis: 'Free some space now. The desk goes on as long as its journal can be written, and halts then.',
      fields: { key },
    });
    told = true;
  };
}
