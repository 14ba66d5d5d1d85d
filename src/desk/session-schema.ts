/** When an instrument trades: a shipped calendar, or hours in the desk file, and the rules between these keys. */
import { z } from 'zod';
import { dayOfText, WEEKDAYS } from '../domain/civil-date.js';
import { CALENDAR_NAMES, PERIOD, periodOf } from '../domain/sessions/trading-hours.js';
import type { BrokenRule } from './problem.js';
import { timeOfDay } from './schema-values.js';

const date = z
  .string()
  .refine(
    (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && dayOfText(text) !== null,
    'expected a date, for example 2026-12-25',
  );

const minutes = z.number().int().min(1).max(1440);

const periods = z
  .array(z.string().regex(PERIOD, 'expected hours HH:MM-HH:MM, for example "09:30-16:00"'))
  .min(1)
  .max(10)
  .optional();

const hoursSchema = z.strictObject({
  mon: periods.describe('Periods that end on a Monday.'),
  tue: periods.describe('On a Tuesday.'),
  wed: periods.describe('On a Wednesday.'),
  thu: periods.describe('On a Thursday.'),
  fri: periods.describe('On a Friday.'),
  sat: periods.describe('On a Saturday.'),
  sun: periods.describe('On a Sunday.'),
});

export const sessionSchema = z.strictObject({
  calendar: z
    .enum(CALENDAR_NAMES)
    .optional()
    .describe(
      'Shipped hours, holidays and early closes: `cme-equity-index` (NQ, ES: Sunday 18:00 to Friday 17:00 New York with a daily ' +
        'break), `us-stocks` (09:30 to 16:00), `fx` (Sunday 17:00 to Friday 17:00), `24x7`.',
    ),
  zone: z
    .string()
    .min(1)
    .optional()
    .describe('IANA time zone of `hours`, and of the times that strategies read if a market is always open.'),
  hours: hoursSchema
    .optional()
    .describe(
      'Instead of a calendar: by weekday, periods such as "09:30-16:00". One that ends before it begins starts the day before: ' +
        '"18:00-17:00". Days left out are closed.',
    ),
  holidays: z
    .array(date)
    .max(1000)
    .optional()
    .describe('Dates without the periods that end on them, in addition to the calendar’s.'),
  earlyCloses: z
    .record(date, timeOfDay)
    .optional()
    .describe(
      'Dates on which the market closes earlier, in addition to the calendar’s: `2026-11-27: "13:00"`.',
    ),
  noEntriesBeforeCloseMinutes: minutes
    .optional()
    .describe('Minutes before the close in which nothing is entered; left out: entries up to the close.'),
  flatByCloseMinutes: minutes
    .optional()
    .describe(
      'Minutes before the close at which a position is closed at the market, resting entries are cancelled, and nothing more is entered; left out: positions are held over the close, behind their stops.',
    ),
  cancelEntriesAtClose: z
    .boolean()
    .optional()
    .describe(
      '`true`: resting entries are cancelled as soon as no new ones are accepted; left out: they stay.',
    ),
});

type DeskSessions = z.output<typeof sessionSchema>;

type Path = readonly (string | number)[];

export function sessionRules({
  instruments,
}: {
  readonly instruments: readonly { readonly sessions?: DeskSessions | undefined }[];
}): BrokenRule[] {
  return instruments.flatMap(({ sessions }, index) =>
    sessions === undefined ? [] : rulesOf(sessions, ['instruments', index, 'sessions']),
  );
}

function rulesOf(sessions: DeskSessions, path: Path): BrokenRule[] {
  const { zone } = sessions;
  return [
    ...oneSourceRule(sessions, path),
    ...(zone === undefined ? [] : zoneRule([...path, 'zone'], zone)),
    ...zoneBelongsRule(sessions, path),
    ...closeRule(sessions, path),
    ...overlapRule(sessions, path),
  ];
}

function oneSourceRule({ calendar, hours }: DeskSessions, path: Path): BrokenRule[] {
  if ((calendar === undefined) !== (hours === undefined)) {
    const isEmpty = hours !== undefined && Object.values(hours).every((periods) => periods === undefined);
    if (!isEmpty) return [];
    const doThis = 'write for example mon: ["09:30-16:00"]';
    return [{ path: [...path, 'hours'], expected: 'a weekday with hours at least', found: 'none', doThis }];
  }
  return [
    {
      path,
      expected: 'either calendar or hours',
      found: calendar === undefined ? 'neither' : 'both',
      doThis: 'name a calendar that ships, or write hours with their zone',
    },
  ];
}

/** A shipped calendar has its own zone; explicit hours need one. */
function zoneBelongsRule({ calendar, hours, zone }: DeskSessions, path: Path): BrokenRule[] {
  if (hours !== undefined && zone === undefined) {
    const expected = 'the time zone of the hours';
    const doThis = 'write for example zone: America/New_York';
    return [{ path: [...path, 'zone'], expected, found: 'nothing', doThis }];
  }
  if (calendar === undefined || calendar === '24x7' || zone === undefined || hours !== undefined) return [];
  const expected = `no zone, which ${calendar} has already`;
  return [{ path: [...path, 'zone'], expected, found: zone, doThis: 'remove zone' }];
}

/** What is of no use without a close. */
const OF_A_CLOSE = [
  'holidays',
  'earlyCloses',
  'noEntriesBeforeCloseMinutes',
  'flatByCloseMinutes',
  'cancelEntriesAtClose',
] as const;

function closeRule(sessions: DeskSessions, path: Path): BrokenRule[] {
  if (sessions.calendar !== '24x7') return [];
  return OF_A_CLOSE.flatMap((key) => {
    const found = sessions[key];
    if (found === undefined || found === false) return [];
    return [
      {
        path: [...path, key],
        expected: `no ${key} of a market that never closes`,
        found: typeof found === 'object' ? 'some' : String(found),
        doThis: `remove ${key}, or write hours in place of the calendar`,
      },
    ];
  });
}

const WEEK = 7 * 1440;

/** Also across the end of the week: a Monday period may begin on Sunday. */
function overlapRule({ hours }: DeskSessions, path: Path): BrokenRule[] {
  const all = WEEKDAYS.flatMap((weekday, day) =>
    (hours?.[weekday] ?? []).map((text, index) => {
      const { open, close } = periodOf(text);
      return { weekday, index, text, from: day * 1440 + open, to: day * 1440 + close };
    }),
  );
  return all.flatMap(({ weekday, index, text, from, to }, at) => {
    const other = all.find(
      (before, place) =>
        place < at && [-WEEK, 0, WEEK].some((shift) => from < before.to + shift && before.from + shift < to),
    );
    if (other === undefined) return [];
    return [
      {
        path: [...path, 'hours', weekday, index],
        expected: 'periods that do not overlap',
        found: `${text}, which overlaps with ${other.text} of ${other.weekday}`,
        doThis: 'let one end where the next begins',
      },
    ];
  });
}

/** The system must know a time zone. */
export function zoneRule(path: BrokenRule['path'], zone: string): BrokenRule[] {
  try {
    // The list has no other names of a zone. A format knows them, and loads so much for it that it takes longer than all other rules.
    if (zone === 'UTC' || Intl.supportedValuesOf('timeZone').includes(zone)) return [];
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return [];
  } catch {
    return [
      {
        path,
        expected: 'a time zone of the IANA list',
        found: zone,
        doThis: 'write for example UTC, Europe/Berlin or America/New_York',
      },
    ];
  }
}
