/**
 * Which due times passed without a run: in a downtime, on a closed laptop, after a clock that jumped, or because a
 * schedule was changed over one. What is not too late is made good, the rest is recorded as missed, and people are told.
 */
import type { Desk, DeskRoutine } from '../../desk/schema.js';
import { notify } from '../../notify/notify.js';
import type { Pool } from '../../store/pool.js';
import { lastSettledMs, readSettledTimes, readSweeps, saveSweep } from '../../store/routine-sweep.js';
import { recordMissedRun } from '../../store/run-missed.js';
import { readScheduleStates } from '../../store/schedule-state.js';
import { nominalTimesBetween } from './nominal-times.js';
import { scheduleIdOf } from './schedule-id.js';

export interface SweepContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly nowMs: () => number;
  /** FERMATA_HOME, where a notice waits while Postgres is down. Null: it doesn't. */
  readonly home: string | null;
  /** Starts it as its schedule would have. */
  readonly catchUp: (routine: DeskRoutine, nominalMs: number) => Promise<void>;
  /** How many starts the schedule itself has given up, since it was made; null where there is no schedule. */
  readonly missedCatchups: (scheduleId: string) => Promise<number | null>;
}

export interface Swept {
  readonly routine: string;
  readonly title: string;
  readonly nominalMs: number;
  readonly caughtUp: boolean;
}

const RECORDED_MAX = 100;
/** Temporal makes good what it can by itself first. */
export const SETTLE_MS = 3 * 60_000;
const REASON = 'the desk was not running, or this machine slept';

/** Only where market time is wall time: another market stands still meanwhile. Rejects while a store is down. */
export async function sweepMissed(context: SweepContext): Promise<readonly Swept[]> {
  const { desk, pool } = context;
  const nowMs = context.nowMs();
  const [sweeps, states] = await Promise.all([
    readSweeps(pool, desk.desk),
    readScheduleStates(pool, desk.desk),
  ]);
  const found: Swept[] = [];
  const given: string[] = [];
  for (const routine of desk.routines.filter(({ at }) => at.length > 0)) {
    const scheduleId = scheduleIdOf(desk.desk, routine.name);
    const before = sweeps.find((sweep) => sweep.routine === routine.name);
    const untilMs = nowMs - SETTLE_MS;
    // A routine that is new to this desk counts from now.
    const fromMs = Math.min(
      before?.untilMs ?? (await lastSettledMs(pool, desk.desk, routine.name)) ?? nowMs,
      nowMs,
    );
    const isPaused = states.some((state) => state.scheduleId === scheduleId && state.paused);
    const swept = isPaused ? [] : await sweepOne(context, routine, fromMs, untilMs);
    found.push(...swept);
    const missedCatchups = (await context.missedCatchups(scheduleId)) ?? 0;
    if (before !== undefined && missedCatchups > before.missedCatchups && swept.length === 0)
      given.push(`${routine.title}: its schedule gave up ${missedCatchups - before.missedCatchups} starts`);
    await saveSweep(pool, desk.desk, {
      routine: routine.name,
      untilMs: Math.max(fromMs, untilMs),
      missedCatchups,
    });
  }
  if (found.length > 0 || given.length > 0) await tell(context, found, given);
  return found;
}

async function sweepOne(
  context: SweepContext,
  routine: DeskRoutine,
  fromMs: number,
  untilMs: number,
): Promise<readonly Swept[]> {
  const { desk, pool } = context;
  const due = nominalTimesBetween(routine, desk.timezone, fromMs, untilMs, RECORDED_MAX);
  if (due.length === 0) return [];
  const settled = await readSettledTimes(pool, desk.desk, fromMs);
  const swept: Swept[] = [];
  for (const nominalMs of due.filter((ms) => !settled.has(`${routine.name}:${ms}`))) {
    const caughtUp = context.nowMs() - nominalMs <= routine.latestMinutes * 60_000;
    if (caughtUp) await context.catchUp(routine, nominalMs);
    else await recordMissedRun(pool, { desk: desk.desk, routine: routine.name, nominalMs, reason: REASON });
    swept.push({ routine: routine.name, title: routine.title, nominalMs, caughtUp });
  }
  return swept;
}

async function tell(
  { desk, pool, home, nowMs }: SweepContext,
  found: readonly Swept[],
  given: readonly string[],
): Promise<void> {
  const missed = found.filter(({ caughtUp }) => !caughtUp);
  const lines = found.map(
    ({ title, nominalMs, caughtUp }) =>
      `${title}, due ${new Date(nominalMs).toISOString()}: ${caughtUp ? 'run now' : 'missed'}`,
  );
  const title =
    missed.length + given.length === 0
      ? `${desk.desk}: ${found.length} routines are made good`
      : `${desk.desk}: ${missed.length + given.length} routines were missed`;
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'routine',
      severity: missed.length + given.length === 0 ? 'info' : 'warning',
      title,
      text: [
        `Nothing ran when they were due: ${REASON}.`,
        ...lines,
        ...given,
        'One that is still of use: fermata run NAME.',
      ].join('\n'),
      fingerprint: `missed:${desk.desk}:${nowMs()}`,
    },
    home,
  );
}
