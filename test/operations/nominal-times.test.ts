import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nextNominalMs, nominalTimesBetween, repeatedTimes } from '../../src/desk/nominal-times.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { DeskRoutine } from '../../src/desk/schema.js';
import { nextRoutines } from '../../src/supervisor/start/start-desk.js';
import { scheduleDefinitions } from '../../src/temporal/schedules/schedule-definition.js';
import { loadDesk, parseDesk } from '../../src/venue/load-desk.js';

const at = (text: string): number => Date.parse(text);
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const daily = { at: ['00:00'], weekdays: [], daysOfMonth: [] };

const HALF_A_DAY_MS = 43_200_000;

describe('due times', () => {
  it('are the next one after a moment, never that moment itself', () => {
    expect(iso(nextNominalMs(daily, 'UTC', at('2026-03-01T23:59:59Z')))).toBe('2026-03-02T00:00:00.000Z');
    expect(iso(nextNominalMs(daily, 'UTC', at('2026-03-02T00:00:00Z')))).toBe('2026-03-03T00:00:00.000Z');
  });

  it('follow the desk’s time zone through a change of clocks', () => {
    const open = { at: ['09:30'], weekdays: [], daysOfMonth: [] };
    expect(iso(nextNominalMs(open, 'America/New_York', at('2026-03-07T00:00:00Z')))).toBe(
      '2026-03-07T14:30:00.000Z',
    );
    expect(iso(nextNominalMs(open, 'America/New_York', at('2026-03-08T05:00:00Z')))).toBe(
      '2026-03-08T13:30:00.000Z',
    );
  });

  it('in the night without their hour are an hour later, and come once in the night that has an hour twice', () => {
    const night = { ...daily, at: ['02:00'] };
    const between = (from: string, to: string) =>
      nominalTimesBetween(night, 'America/New_York', at(from), at(to), 9).map(iso);
    expect(between('2026-03-07T12:00:00Z', '2026-03-09T12:00:00Z')).toEqual([
      '2026-03-08T07:00:00.000Z',
      '2026-03-09T06:00:00.000Z',
    ]);
    expect(between('2026-10-31T12:00:00Z', '2026-11-02T12:00:00Z')).toEqual([
      '2026-11-01T07:00:00.000Z',
      '2026-11-02T07:00:00.000Z',
    ]);
    expect(iso(nextNominalMs(night, 'America/New_York', at('2026-03-08T06:30:00Z')))).toBe(
      '2026-03-08T07:00:00.000Z',
    );
  });

  it.each([
    ['America/New_York', '01:30', '2026-11-01T05:30:00.000Z', '2026-11-01T06:30:00.000Z'],
    ['Europe/Berlin', '02:30', '2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z'],
    // Clocks that go back over midnight.
    ['America/Havana', '00:30', '2026-11-01T04:30:00.000Z', '2026-11-01T05:30:00.000Z'],
  ])(
    'in the hour that the clocks of %s repeat come at its end, those of an interval twice',
    (zone, time, ...both) => {
      const [first, second] = both;
      const day = [at(first) - HALF_A_DAY_MS, at(first) + HALF_A_DAY_MS] as const;
      const night = { ...daily, at: [time] };
      expect(nominalTimesBetween(night, zone, ...day, 9).map(iso)).toEqual([second]);
      expect(iso(nextNominalMs(night, zone, day[0]))).toBe(second);
      expect(repeatedTimes(night, zone, [2026]).map(iso)).toEqual([first]);
      const every = { ...night, at: [time], every: '1h', session: `${time}-${time}` };
      expect(nominalTimesBetween(every, zone, ...day, 9).map(iso)).toEqual(both);
    },
  );

  it('come once where an interval has a time in the missing hour and one an hour later', () => {
    const hourly = { at: [], every: '1h', weekdays: [], daysOfMonth: [] };
    const between = [at('2026-03-08T06:00:00Z'), at('2026-03-08T08:00:00Z')] as const;
    expect(nominalTimesBetween(hourly, 'America/New_York', ...between, 9).map(iso)).toEqual([
      '2026-03-08T07:00:00.000Z',
      '2026-03-08T08:00:00.000Z',
    ]);
  });

  it('find the first Monday of a month', () => {
    const monthly = { at: ['08:00'], weekdays: ['mon' as const], daysOfMonth: [1, 2, 3, 4, 5, 6, 7] };
    expect(iso(nextNominalMs(monthly, 'UTC', at('2026-03-03T00:00:00Z')))).toBe('2026-04-06T08:00:00.000Z');
  });

  it('of a quarter come in its months only, however far away they are', () => {
    const quarterly = {
      ...daily,
      weekdays: ['sat' as const],
      daysOfMonth: [1, 2, 3, 4, 5, 6, 7],
      months: [1, 4, 7, 10],
    };
    expect(iso(nextNominalMs(quarterly, 'UTC', at('2026-01-04T00:00:00Z')))).toBe('2026-04-04T00:00:00.000Z');
    expect(
      nominalTimesBetween(quarterly, 'UTC', at('2026-01-01T00:00:00Z'), at('2026-12-31T00:00:00Z'), 9).map(
        iso,
      ),
    ).toEqual(
      ['2026-01-03', '2026-04-04', '2026-07-04', '2026-10-03'].map((date) => `${date}T00:00:00.000Z`),
    );
    const leapDay = { ...daily, weekdays: ['mon' as const], daysOfMonth: [29], months: [2] };
    expect(iso(nextNominalMs(leapDay, 'UTC', at('2037-01-01T00:00:00Z')))).toBe('2044-02-29T00:00:00.000Z');
    // The year 2100 is no leap year.
    expect(iso(nextNominalMs(leapDay, 'UTC', at('2072-03-01T00:00:00Z')))).toBe('2112-02-29T00:00:00.000Z');
  });

  it('on a day of the month that is also a weekday are found more than a year ahead', () => {
    const monday13 = { ...daily, weekdays: ['mon' as const], daysOfMonth: [13] };
    expect(iso(nextNominalMs(monday13, 'UTC', at('2026-07-14T00:00:00Z')))).toBe('2027-09-13T00:00:00.000Z');
    expect(nextNominalMs({ ...monday13, daysOfMonth: [32] }, 'UTC', at('2026-07-14T00:00:00Z'))).toBeNull();
  });

  it('of a quarter are its schedule’s at Temporal, too', () => {
    const { desk } = loadDesk(resolveDesk('crypto-bot'));
    const quarterly = {
      ...desk.routines[0]!,
      at: ['10:00'],
      weekdays: [],
      daysOfMonth: [1],
      months: [1, 4, 7, 10],
    };
    const [definition] = scheduleDefinitions({ ...desk, routines: [quarterly] }, null, true);
    expect(definition?.options.spec.calendars).toEqual([
      { hour: 10, minute: 0, dayOfMonth: [1], month: ['JANUARY', 'APRIL', 'JULY', 'OCTOBER'] },
    ]);
  });

  it('on a day that none of its months has are refused with the desk file', () => {
    const file = resolveDesk('crypto-bot');
    const text = readFileSync(file, 'utf8');
    const withMonths = (days: string) =>
      text.replace(
        /\nroutines:.*\n/,
        (line) =>
          `${line}  - { name: q, title: Q, at: ['10:00'], ${days}, steps: [{ key: d, title: D, check: database }] }\n`,
      );
    expect(() => parseDesk(file, withMonths('daysOfMonth: [30], months: [2, 4]'))).not.toThrow();
    expect(() => parseDesk(file, withMonths('daysOfMonth: [30], months: [2]'))).toThrow(
      /routines\[0\]\.months/,
    );
  });

  it('of an interval are those from the first to the last minute of its session, in the desk’s time zone', () => {
    const quick = { ...daily, at: ['16:10'], every: '30m', session: '15:00-16:00' };
    const found = (from: string, to: string) =>
      nominalTimesBetween(quick, 'America/New_York', at(from), at(to), 99).map(iso);
    const times = ['19:00', '19:30', '20:00', '20:10'];
    const on = (date: string, hours: readonly string[]) => hours.map((time) => `${date}T${time}:00.000Z`);
    expect(found('2026-07-14T12:00:00Z', '2026-07-15T12:00:00Z')).toEqual(on('2026-07-14', times));
    const winter = ['20:00', '20:30', '21:00', '21:10'];
    expect(found('2026-01-14T12:00:00Z', '2026-01-15T12:00:00Z')).toEqual(on('2026-01-14', winter));
    const wholeDay = { ...daily, at: [], every: '2h' };
    expect(nominalTimesBetween(wholeDay, 'UTC', 0, at('1970-01-02T00:00:00Z'), 99)).toHaveLength(12);
    expect(iso(nextNominalMs(quick, 'UTC', at('2026-07-14T15:31:00Z')))).toBe('2026-07-14T16:00:00.000Z');
  });

  it('are none where the routine has no times', () => {
    expect(nextNominalMs({ ...daily, at: [] }, 'UTC', at('2026-03-01T00:00:00Z'))).toBeNull();
    expect(nominalTimesBetween({ ...daily, at: [] }, 'UTC', 0, at('2026-03-01T00:00:00Z'), 10)).toEqual([]);
  });

  it('between two moments come oldest first, without the first and with the second', () => {
    const found = nominalTimesBetween(
      daily,
      'UTC',
      at('2026-03-01T00:00:00Z'),
      at('2026-03-03T00:00:00Z'),
      10,
    );
    expect(found.map(iso)).toEqual(['2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z']);
  });

  it('are the newest where there are more than wanted', () => {
    const found = nominalTimesBetween(
      daily,
      'UTC',
      at('2025-01-01T00:00:00Z'),
      at('2026-03-03T00:00:00Z'),
      2,
    );
    expect(found.map(iso)).toEqual(['2026-03-02T00:00:00.000Z', '2026-03-03T00:00:00.000Z']);
  });
});

describe('the next runs that the screen of a start names', () => {
  const marketMs = Date.UTC(2025, 0, 6, 0, 1);
  const wallMs = Date.UTC(2026, 10, 29, 21, 2);
  const desk = {
    timezone: 'UTC',
    routines: [
      {
        ...{ name: 'often', title: 'Often', at: ['00:05', '21:05'] },
        ...{ weekdays: [], daysOfMonth: [] },
      } as unknown as DeskRoutine,
    ],
  };
  it.each([
    ['simulated prices, sixty times as fast', 'simulated', 60, Date.UTC(2025, 0, 6, 0, 5)],
    ['recorded prices in real time', 'recorded', 1, Date.UTC(2025, 0, 6, 0, 5)],
    // Temporal's own schedules run then, as `fermata schedules` says.
    ['simulated prices in real time', 'simulated', 1, Date.UTC(2026, 10, 29, 21, 5)],
  ] as const)('are those by the clock that runs them: %s', (_what, kind, speed, atMs) => {
    expect(nextRoutines(desk, { kind, speed, marketMs }, wallMs)).toMatchObject([{ routine: 'often', atMs }]);
  });
});
