/**
 * Finds due times that passed without a run: during a downtime, on a closed laptop, after a clock jump, or
 * because a changed schedule skipped one. Those that are not too late are run now, the others are recorded as
 * missed, and people are told.
 */
import { createHash } from 'node:crypto';
import {
  clockChangeAt,
  isDueBy,
  nominalTimesBetween,
  SETTLE_MS,
  settledMs,
  timesOf,
  timetableOf,
} from '../../desk/nominal-times.js';
import type { Desk, DeskRoutine } from '../../desk/schema.js';
import { moment } from '../../domain/moment.js';
import { notify } from '../../notify/notify.js';
import type { Pool } from '../../store/pool.js';
import { lastSettledMs, readSettledTimes, recordMissedRun } from '../../store/routine-run.js';
import { type RoutineSweep, readScheduleStates, readSweeps, saveSweep } from '../../store/schedule-state.js';
import { scheduleIdOf } from './schedule-definition.js';

export interface SweepContext {
  readonly desk: Desk;
  readonly pool: Pool;
  readonly nowMs: () => number;
  /** FERMATA_HOME, where notices are spooled while Postgres is down; null: they are not spooled. */
  readonly home: string | null;
  /** Starts it as its schedule would have. */
  readonly catchUp: (routine: DeskRoutine, nominalMs: number) => Promise<void>;
  /**
   * Whether Temporal has its run: a run that continued without Postgres has no row yet. Rejects while that is
   * unknown.
   */
  readonly hasRun: (routine: DeskRoutine, nominalMs: number) => Promise<boolean>;
  /** How many starts the schedule itself has given up since it was created; null if there is no schedule. */
  readonly missedCatchups: (scheduleId: string) => Promise<number | null>;
}

interface Swept {
  readonly routine: string;
  readonly title: string;
  readonly nominalMs: number;
  /** Why nothing ran when it was due. */
  readonly reason: string;
  readonly caughtUp: boolean;
}

const RECORDED_MAX = 100;
/** The timetable of a routine that the desk file does not have. */
const ABSENT = '';
const REASON = 'the desk was not running, ran on other than live prices, or this machine slept';
const REASONS = {
  usual: REASON,
  forward: 'the clocks went forward over its time, which its schedule leaves out',
  back: 'the clocks went back, and its schedule may leave out a time that they show twice',
} as const;

interface Looked {
  readonly routine: DeskRoutine;
  /** Up to where its due times were known before, and by which timetable. */
  readonly before: RoutineSweep;
  /** The same once everything found here is done. */
  readonly after: RoutineSweep;
  /** Starts that the schedule has given up, beyond those found here. */
  readonly gaveUp: number;
  readonly missed: readonly number[];
  readonly late: readonly number[];
}

/**
 * Only where market time is wall time: any other market stood still meanwhile. Rejects while a store is down: the next
 * sweep continues. People are told before anything is recorded, because a recorded miss is never told. A routine that
 * can't be started now doesn't block the others, and is tried again.
 */
export async function sweepMissed(context: SweepContext): Promise<readonly Swept[]> {
  const { desk, pool } = context;
  const sweeps = await readSweeps(pool, desk.desk);
  const looked = await lookAtAll(context, sweeps);
  const missed = looked.flatMap(({ routine, missed: due }) =>
    due.map((ms) => swept(desk, routine, ms, false)),
  );
  const given = looked.filter(({ gaveUp }) => gaveUp > 0);
  if (missed.length + given.length > 0) await tellMissed(context, missed, given);
  for (const { routine, before, after, missed: due } of looked) {
    for (const nominalMs of due) {
      const reason = reasonOf(desk, routine, nominalMs);
      await recordMissedRun(pool, { desk: desk.desk, routine: routine.name, nominalMs, reason });
    }
    await saveSweep(pool, desk.desk, { ...before, missedCatchups: after.missedCatchups });
  }
  // What the desk file does not have is not due: a routine that is put back counts from then.
  for (const sweep of sweeps.filter((one) => !looked.some(({ routine }) => routine.name === one.routine))) {
    const untilMs = Math.max(sweep.untilMs, context.nowMs());
    await saveSweep(pool, desk.desk, { ...sweep, untilMs, timetable: ABSENT });
  }
  const madeGood: Swept[] = [];
  const failures: unknown[] = [];
  for (const { routine, after, late } of looked) {
    try {
      for (const nominalMs of late) {
        await context.catchUp(routine, nominalMs);
        madeGood.push(swept(desk, routine, nominalMs, true));
      }
      await saveSweep(pool, desk.desk, after);
    } catch (error) {
      failures.push(error);
    }
  }
  if (madeGood.length > 0) await tellMadeGood(context, madeGood);
  if (failures.length > 0) throw failures[0];
  return [...missed, ...madeGood];
}

const swept = (desk: Desk, routine: DeskRoutine, nominalMs: number, caughtUp: boolean): Swept => ({
  routine: routine.name,
  title: routine.title,
  nominalMs,
  reason: reasonOf(desk, routine, nominalMs),
  caughtUp,
});

const reasonOf = ({ timezone }: Desk, routine: DeskRoutine, nominalMs: number): string =>
  REASONS[clockChangeAt(routine, timezone, nominalMs) ?? 'usual'];

async function lookAtAll(context: SweepContext, sweeps: readonly RoutineSweep[]): Promise<readonly Looked[]> {
  const { desk, pool } = context;
  const nowMs = context.nowMs();
  const states = await readScheduleStates(pool, desk.desk);
  const looked: Looked[] = [];
  for (const routine of desk.routines.filter((one) => timesOf(one).length > 0)) {
    const scheduleId = scheduleIdOf(desk.desk, routine.name);
    const missedCatchups = (await context.missedCatchups(scheduleId)) ?? 0;
    const known =
      sweeps.find((sweep) => sweep.routine === routine.name) ??
      (await notSwept(context, routine, missedCatchups));
    const before = { ...known, untilMs: Math.min(known.untilMs, nowMs) };
    const after = { ...sweptAt(nowMs, before, timetableOf(routine, desk.timezone)), missedCatchups };
    const isPaused = states.some((state) => state.scheduleId === scheduleId && state.paused);
    const due = isPaused ? [] : await unsettled(context, routine, before, { untilMs: after.untilMs, nowMs });
    const isLate = (ms: number): boolean => nowMs - ms <= routine.latestMinutes * 60_000;
    const gaveUp = Math.max(missedCatchups - before.missedCatchups - due.length, 0);
    const [late, missed] = [due.filter(isLate), due.filter((ms) => !isLate(ms))];
    looked.push({ routine, before, after, gaveUp, missed, late });
  }
  return looked;
}

/** A routine that is new to this desk counts from now. */
async function notSwept(
  { desk, pool, nowMs }: SweepContext,
  { name: routine }: DeskRoutine,
  missedCatchups: number,
): Promise<RoutineSweep> {
  const settledMs = await lastSettledMs(pool, desk.desk, routine);
  const appliesSinceMs = settledMs === null ? nowMs() : null;
  return { routine, untilMs: settledMs ?? nowMs(), missedCatchups, timetable: null, appliesSinceMs };
}

/**
 * A new timetable counts from now, and not from a moment ago: its schedule starts nothing that was due before it was
 * changed.
 */
function sweptAt(nowMs: number, before: RoutineSweep, timetable: string): RoutineSweep {
  if (before.timetable !== null && before.timetable !== timetable)
    return { ...before, untilMs: nowMs, timetable, appliesSinceMs: nowMs };
  return { ...before, untilMs: Math.max(before.untilMs, nowMs - SETTLE_MS), timetable };
}

/** After a change of the timetable: what was due by the old one, and still is by the new one. */
async function unsettled(
  { desk, pool, hasRun }: SweepContext,
  routine: DeskRoutine,
  { untilMs: fromMs, timetable }: RoutineSweep,
  { untilMs, nowMs }: { readonly untilMs: number; readonly nowMs: number },
): Promise<readonly number[]> {
  const due = nominalTimesBetween(routine, desk.timezone, fromMs, nowMs, RECORDED_MAX).filter(
    (ms) =>
      (ms <= untilMs || settledMs(routine, desk.timezone, ms) <= nowMs) &&
      (timetable === null || (timetable !== ABSENT && isDueBy(timetable, ms))),
  );
  if (due.length === 0) return [];
  const settled = await readSettledTimes(pool, desk.desk, fromMs);
  const open: number[] = [];
  for (const ms of due)
    if (!settled.has(`${routine.name}:${ms}`) && !(await hasRun(routine, ms))) open.push(ms);
  return open;
}

function lineOf({ title, nominalMs, caughtUp, reason }: Swept): string {
  const why = reason === REASON ? '' : ` (${reason})`;
  return `${title}, due ${moment(nominalMs)}: ${caughtUp ? 'run now' : 'missed'}${why}`;
}

/** A line that has a reason of its own says it. */
function heading(found: readonly Swept[], hasOthers = false): string {
  const isUsual = hasOthers || found.some(({ reason }) => reason === REASON);
  return `Nothing ran when they were due${isUsual ? `: ${REASON}` : ''}.`;
}

/** Derived from the text, so that a sweep that could not record it tells it only once. */
const fingerprintOf = (desk: string, lines: readonly string[]): string =>
  `missed:${desk}:${createHash('sha256').update(lines.join('\n')).digest('hex')}`;

async function tellMissed(
  { desk, pool, home }: SweepContext,
  missed: readonly Swept[],
  given: readonly Looked[],
): Promise<void> {
  const lines = [
    ...missed.map(lineOf),
    ...given.map(({ routine, gaveUp }) => `${routine.title}: its schedule gave up ${gaveUp} starts`),
  ];
  // A recreated schedule counts from zero.
  const counted = given.map(({ routine, after }) => `${routine.name}:${after.missedCatchups}`);
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'routine',
      severity: 'warning',
      title: `${desk.desk}: ${routines(lines.length)} missed`,
      text: [heading(missed, given.length > 0), ...lines, 'One that is still of use: fermata run NAME.'].join(
        '\n',
      ),
      fingerprint: fingerprintOf(desk.desk, [...lines, ...counted]),
    },
    home,
  );
}

async function tellMadeGood({ desk, pool, home }: SweepContext, madeGood: readonly Swept[]): Promise<void> {
  const lines = madeGood.map(lineOf);
  await notify(
    pool,
    {
      desk: desk.desk,
      event: 'routine',
      severity: 'info',
      title: `${desk.desk}: ${routines(lines.length, 'is', 'are')} made good`,
      text: [heading(madeGood), ...lines].join('\n'),
      fingerprint: fingerprintOf(desk.desk, lines),
    },
    home,
  );
}

const routines = (count: number, one = 'was', more = 'were'): string =>
  count === 1 ? `1 routine ${one}` : `${count} routines ${more}`;
