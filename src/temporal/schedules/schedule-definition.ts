/** The schedule in Temporal that the desk file requires for one routine. */
import { createHash } from 'node:crypto';
import type { CalendarSpec, DayOfWeek, Month, ScheduleOptions } from '@temporalio/client';
import { FERMATA_DESK } from '../../contracts/run-label.js';
import { repeatedTimes, timesOf } from '../../desk/nominal-times.js';
import type { Desk, DeskRoutine } from '../../desk/schema.js';
import { routineInput, routineStart } from '../start-runs.js';

const MONTH_NAMES: readonly Month[] = [
  ...(['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE'] as const),
  ...(['JULY', 'AUGUST', 'SEPTEMBER', 'OCTOBER', 'NOVEMBER', 'DECEMBER'] as const),
];
const DAY_NAMES: Record<DeskRoutine['weekdays'][number], DayOfWeek> = {
  mon: 'MONDAY',
  tue: 'TUESDAY',
  wed: 'WEDNESDAY',
  thu: 'THURSDAY',
  fri: 'FRIDAY',
  sat: 'SATURDAY',
  sun: 'SUNDAY',
};

export interface ScheduleDefinition {
  readonly scheduleId: string;
  readonly routine: string;
  /** Shows whether the server's schedule matches this definition. */
  readonly specHash: string;
  readonly options: Pick<ScheduleOptions, 'action' | 'spec' | 'policies' | 'typedSearchAttributes'>;
}

/**
 * Every routine that has times. One that is due only by the count of trades has a schedule without times, so
 * that a person can pause it like the others. `incarnation`: the trader that a failing step halts.
 */
export function scheduleDefinitions(
  desk: Desk,
  incarnation: string | null,
  simulated: boolean,
  marketClock = false,
): ScheduleDefinition[] {
  const years = yearsAhead();
  return desk.routines
    .filter((routine) => timesOf(routine).length > 0 || routine.everyTrades !== undefined)
    .map((routine) => {
      const occasion = { nominalMs: null, marketMs: null, incarnation, person: null, simulated };
      const repeatedMs = repeatedTimes(routine, desk.timezone, years);
      const input = {
        ...routineInput(desk, routine, { cause: 'schedule', ...occasion }),
        ...(repeatedMs.length > 0 ? { repeatedMs } : {}),
        ...(marketClock ? { marketClock } : {}),
      };
      const spec = {
        calendars: timesOf(routine).map((time) => calendarAt(routine, time)),
        timezone: desk.timezone,
      };
      const catchupWindow = routine.latestMinutes * 60_000;
      const { workflowType, ...start } = routineStart(input);
      const specHash = createHash('sha256')
        .update(JSON.stringify([input, spec, catchupWindow, start.typedSearchAttributes]))
        .digest('hex');
      const scheduleId = scheduleIdOf(desk.desk, routine.name);
      return {
        scheduleId,
        routine: routine.name,
        specHash,
        options: {
          spec,
          // Each missed time gets its own run; one that is too late records that and does nothing.
          policies: { overlap: 'ALLOW_ALL', catchupWindow },
          action: {
            type: 'startWorkflow',
            workflowType,
            workflowId: scheduleId,
            ...start,
            memo: { definition: specHash },
          },
          typedSearchAttributes: [{ key: FERMATA_DESK, value: desk.desk }],
        },
      };
    });
}

/** Far longer than a schedule stays as it is: each start of the desk makes it anew. */
const YEARS_AHEAD = 5;

function yearsAhead(): readonly number[] {
  const now = new Date().getUTCFullYear();
  return Array.from({ length: YEARS_AHEAD }, (_, index) => now + index);
}

function calendarAt({ weekdays, daysOfMonth, months }: DeskRoutine, time: string): CalendarSpec {
  return {
    hour: Number(time.slice(0, 2)),
    minute: Number(time.slice(3, 5)),
    ...(weekdays.length > 0 ? { dayOfWeek: weekdays.map((day) => DAY_NAMES[day]) } : {}),
    ...(daysOfMonth.length > 0 ? { dayOfMonth: [...daysOfMonth] } : {}),
    ...(months === undefined ? {} : { month: months.flatMap((month) => MONTH_NAMES[month - 1] ?? []) }),
  };
}

/** A schedule has the id of the workflow that it starts; Temporal appends the nominal time to each run's id. */
export const scheduleIdOf = (desk: string, routine: string): string => `routine:${desk}:${routine}`;

/**
 * The id of a run started by a schedule, as Temporal makes it; a run that makes up for a missed one gets the
 * same.
 */
export const scheduledRunId = (scheduleId: string, nominalMs: number): string =>
  `${scheduleId}-${new Date(nominalMs).toISOString().replace(/\.\d+Z$/, 'Z')}`;

/** The note on a schedule that is paused because market time is not wall time; no person paused it. */
export const MARKET_CLOCK_NOTE = 'market clock';
