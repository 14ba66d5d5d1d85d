/**
 * Keeps Temporal's schedules in line with the desk file and the market's clock, stores what people did to them, and
 * finds routines that were due and did not run: at start, hourly, after a clock jump, and where the clocks change.
 */
import { ScheduleNotFoundError } from '@temporalio/client';
import type { TraderStatus } from '../contracts/trader-status.js';
import { nextLeftOutMs, runsOnMarketClock, SETTLE_MS } from '../desk/nominal-times.js';
import type { Desk, DeskRoutine } from '../desk/schema.js';
import { forgetTradesBegun } from '../store/schedule-state.js';
import { describeRun } from '../temporal/runs.js';
import {
  applySchedules,
  rememberPauses,
  type ScheduleTarget,
} from '../temporal/schedules/apply-schedules.js';
import {
  scheduleDefinitions,
  scheduledRunId,
  scheduleIdOf,
} from '../temporal/schedules/schedule-definition.js';
import { type SweepContext, sweepMissed } from '../temporal/schedules/sweep-missed.js';
import { startRoutine } from '../temporal/start-runs.js';
import { POLL_MS, type StatusFollower, type TraderWatchContext } from './repeat.js';

const APPLY_MS = 20_000;
const ASK_MS = 5_000;
const SWEEP_EVERY_MS = 3_600_000;
/** At the start, the schedule itself may still catch up on a routine that became due shortly before. */
const SWEEP_AGAIN_MS = SETTLE_MS + 60_000;
/** Difference between wall time and the monotonic clock that counts as a jump. */
const JUMP_MS = 30_000;

/**
 * When the next sweep is due, by the monotonic clock; a jump of the wall clock makes it due at once. Only a sweep starts
 * what a schedule leaves out because the clocks change, so one is due at that time too.
 */
export class SweepTimes {
  #sweeps = 0;
  #regularMs = Number.NEGATIVE_INFINITY;
  #nextMs = Number.NEGATIVE_INFINITY;
  #lookedMs: number;
  #offsetMs: number;

  constructor(
    private readonly desk: Pick<Desk, 'routines' | 'timezone'>,
    private readonly wallMs: () => number,
    private readonly steadyMs: () => number,
  ) {
    this.#lookedMs = wallMs();
    this.#offsetMs = this.#lookedMs - steadyMs();
  }

  isDue(): boolean {
    this.#lookedMs = this.wallMs();
    const offsetMs = this.#lookedMs - this.steadyMs();
    if (Math.abs(offsetMs - this.#offsetMs) > JUMP_MS) {
      this.#sweeps = 0;
      this.#regularMs = Number.NEGATIVE_INFINITY;
      this.#nextMs = Number.NEGATIVE_INFINITY;
    }
    this.#offsetMs = offsetMs;
    return this.steadyMs() >= this.#nextMs;
  }

  done(): void {
    const nowMs = this.steadyMs();
    if (nowMs >= this.#regularMs) {
      this.#sweeps += 1;
      this.#regularMs = nowMs + (this.#sweeps === 1 ? SWEEP_AGAIN_MS : SWEEP_EVERY_MS);
    }
    const leftOutMs = nextLeftOutMs(this.desk, this.#lookedMs, this.#lookedMs + SWEEP_EVERY_MS);
    this.#nextMs =
      leftOutMs === null ? this.#regularMs : Math.min(this.#regularMs, leftOutMs - this.#offsetMs);
  }
}

/** `home`: FERMATA_HOME, where notices are spooled while Postgres is down. */
export function scheduleUpkeep(context: TraderWatchContext, home: string | null = null): StatusFollower {
  const { temporal, desk, pool, log } = context;
  let appliedFor: string | null = null;
  let rememberedMs = performance.now();
  const sweeps = new SweepTimes(desk, Date.now, () => performance.now());
  return async (status) => {
    const { incarnation, marketData } = status;
    const marketClock = runsOnMarketClock(marketData);
    const target: ScheduleTarget = {
      desk: desk.desk,
      definitions: scheduleDefinitions(desk, incarnation, marketData.simulated, marketClock),
      marketClock,
    };
    const wanted = `${incarnation}:${marketClock}`;
    if (appliedFor !== wanted) {
      const byTrades = desk.routines.filter(({ everyTrades }) => everyTrades !== undefined);
      await forgetTradesBegun(
        pool,
        desk.desk,
        byTrades.map(({ name }) => name),
      );
      await temporal.within(APPLY_MS, (client) => applySchedules(client, pool, target));
      appliedFor = wanted;
      rememberedMs = performance.now();
      return;
    }
    if (!marketClock && sweeps.isDue()) {
      for (const { routine, nominalMs, caughtUp } of await sweepMissed(sweepOf(context, home, status)))
        log.warn({ routine, nominalMs, caughtUp }, 'a routine did not run when it was due');
      sweeps.done();
    }
    if (performance.now() - rememberedMs < POLL_MS.schedules) return;
    rememberedMs = performance.now();
    try {
      const isAsWanted = await temporal.within(APPLY_MS, (client) => rememberPauses(client, pool, target));
      if (!isAsWanted) appliedFor = null;
    } catch (error) {
      // This also happens after Temporal was recreated: the schedules are then made again.
      appliedFor = null;
      throw error;
    }
  };
}

function sweepOf(
  { temporal, desk, pool }: TraderWatchContext,
  home: string | null,
  { incarnation, marketData }: TraderStatus,
): SweepContext {
  const runIdOf = ({ name }: DeskRoutine, nominalMs: number): string =>
    scheduledRunId(scheduleIdOf(desk.desk, name), nominalMs);
  return {
    desk,
    pool,
    home,
    nowMs: Date.now,
    hasRun: async (routine, nominalMs) =>
      (await describeRun(temporal, ASK_MS, runIdOf(routine, nominalMs))) !== null,
    catchUp: async (routine, nominalMs) => {
      const workflowId = runIdOf(routine, nominalMs);
      const { simulated } = marketData;
      const occasion = { nominalMs, marketMs: null, incarnation, person: null, simulated };
      await startRoutine(temporal, desk, routine, { cause: 'schedule', ...occasion }, workflowId);
    },
    missedCatchups: async (scheduleId) => {
      try {
        const { info } = await temporal.within(ASK_MS, (client) =>
          client.schedule.getHandle(scheduleId).describe(),
        );
        return info.numActionsMissedCatchupWindow;
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return null;
        throw error;
      }
    },
  };
}
