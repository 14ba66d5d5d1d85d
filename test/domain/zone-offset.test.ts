import { afterEach, describe, expect, it, vi } from 'vitest';
import { datesOf, tradingDaysOf, zoneOffset } from '../../src/domain/zone-offset.js';

const HOUR_MS = 3_600_000;
const at = (text: string): number => Date.parse(text);

afterEach(() => vi.restoreAllMocks());

it('is that of each moment, whichever is asked before it', () => {
  const offsetAt = zoneOffset('America/New_York');
  const [before, after] = [at('2026-03-08T06:59:59Z'), at('2026-03-08T07:00:00Z')];
  for (let turn = 0; turn < 3; turn += 1)
    expect([offsetAt(before), offsetAt(after), offsetAt(after + 240 * 24 * HOUR_MS)]).toEqual([
      -5 * HOUR_MS,
      -4 * HOUR_MS,
      -5 * HOUR_MS,
    ]);
  // More moments than are kept in mind.
  for (let hour = 0; hour < 5_000; hour += 1) offsetAt(after + hour * HOUR_MS);
  expect(offsetAt(before)).toBe(-5 * HOUR_MS);
});

it.each([
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Pacific/Apia',
  'America/St_Johns',
])('is what the time zone data says of each half hour of years, in %s', (timezone) => {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const offsetAt = zoneOffset(timezone);
  // Apia left out a whole day.
  for (const [from, until] of [
    ['2011-12-01', '2012-01-05'],
    ['2026-02-01', '2026-04-12'],
    ['2026-09-20', '2026-11-10'],
  ] as const)
    for (let ms = at(from); ms < at(until); ms += HOUR_MS / 2)
      expect(offsetAt(ms)).toBe(at(`${format.format(ms).replace(' ', 'T')}Z`) - ms);
});

it('asks the time zone data of a day’s beginning and its end, and of nothing between', () => {
  const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
  const offsetAt = zoneOffset('America/New_York');
  for (let minute = 0; minute < 1_440; minute += 1) offsetAt(at('2026-07-15') + minute * 60_000);
  expect(asked).toHaveBeenCalledTimes(2);
});

it('asks the time zone data once of moments that are asked by turns', () => {
  const asked = vi.spyOn(Intl.DateTimeFormat.prototype, 'formatToParts');
  const offsetAt = zoneOffset('America/New_York');
  for (let turn = 0; turn < 50; turn += 1)
    for (const moment of ['2026-07-15T14:00:00Z', '2026-07-15T20:00:00Z', '2026-07-14T22:00:00Z'])
      offsetAt(at(moment));
  expect(asked).toHaveBeenCalledTimes(3);
});

describe('where the clocks change at the boundary of the day', () => {
  it('begins the day whose first hour is left out when that hour would have ended', () => {
    const dateOf = datesOf({ timezone: 'America/Santiago', dayBoundary: '00:00' });
    const moments = [
      '2026-09-06T03:59:59Z',
      '2026-09-06T04:00Z',
      '2026-09-07T02:59:59Z',
      '2026-09-07T03:00Z',
    ];
    expect(moments.map((moment) => dateOf(at(moment)))).toEqual([
      '2026-09-05',
      '2026-09-06',
      '2026-09-06',
      '2026-09-07',
    ]);
  });

  it.each([
    ['America/New_York', '02:00', '2026-03-07', '2026-03-10'],
    ['America/New_York', '01:30', '2026-10-31', '2026-11-03'],
    ['Europe/Berlin', '02:30', '2026-03-28', '2026-03-31'],
    ['Europe/Berlin', '02:30', '2026-10-24', '2026-10-27'],
    ['America/Santiago', '00:00', '2026-09-05', '2026-09-08'],
    ['America/Santiago', '00:30', '2026-09-05', '2026-09-08'],
    ['America/Havana', '00:30', '2026-10-31', '2026-11-03'],
  ])(
    'has each day once, and ends it after every moment of it, in %s at %s',
    (timezone, boundary, from, until) => {
      const calendar = { timezone, dayBoundary: boundary };
      const [days, dateOf] = [tradingDaysOf(calendar), datesOf(calendar)];
      const dates: string[] = [];
      for (let ms = at(`${from}T12:00Z`); ms < at(`${until}T12:00Z`); ms += HOUR_MS / 4) {
        expect(days.startOfDay(ms)).toBeLessThanOrEqual(ms);
        expect(days.endOfDay(ms)).toBeGreaterThan(ms);
        expect(days.startOfDay(days.endOfDay(ms) - 1)).toBe(days.startOfDay(ms));
        if (dates.at(-1) !== dateOf(ms)) dates.push(dateOf(ms));
      }
      const first = at(from);
      expect(dates).toEqual(
        [0, 1, 2, 3].map((day) => new Date(first + day * 24 * HOUR_MS).toISOString().slice(0, 10)),
      );
    },
  );
});
