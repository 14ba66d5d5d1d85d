/** When an instrument trades: a shipped calendar, or hours in the desk file. */
import { z } from 'zod';
import { dayOfText } from '../domain/civil-date.js';
import { CALENDAR_NAMES } from '../domain/sessions/calendars.js';
import { PERIOD } from '../domain/sessions/trading-hours.js';
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

export type DeskSessions = z.output<typeof sessionSchema>;
