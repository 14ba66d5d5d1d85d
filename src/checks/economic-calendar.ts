import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DateTime } from 'luxon';
import { parse } from 'yaml';
import { z } from 'zod';
import { allowedAddress } from '../desk/own-steps.js';
import { dateText, WEEKDAYS, weekdayIndex } from '../domain/civil-date.js';
import { someOf } from '../domain/figure-text.js';
import { messageOf } from '../domain/message-of.js';
import { deskFolderOf } from '../home/runtime.js';
import { clockOn, dateIn, nextSessionDay, type SessionDay } from '../reports/next-trading-day.js';
import { type CheckContext, check } from './check.js';
import { marketNowMs } from './market-now.js';

const FETCH_MS = 20_000;
const BYTES_MAX = 4 * 1024 * 1024;
const SHOWN_MAX = 30;
const NOT_SET_UP = 'no calendar is set up: name a file or a url under with:';

/** The format of weekly calendars on the web; other fields are ignored. */
const eventsSchema = z.array(
  z.object({
    title: z.string().min(1),
    date: z.string(),
    country: z.string().optional(),
    impact: z.string().optional(),
  }),
);

interface CalendarEvent {
  /** In the desk's time zone. */
  readonly at: DateTime;
  /** Its country or currency. */
  readonly of: string | undefined;
  readonly text: string;
}

/**
 * Lists what is published on the day of the next session, from a file next to the desk file or an address on one of
 * `commands.hosts`: a list of `title` and `date` (ISO 8601 with offset), as JSON or YAML. An unreadable calendar fails;
 * one that ends before that day, or begins in a later week, is not judged.
 */
export const economicCalendar = check(
  'Economic events of the day',
  z.strictObject({
    file: z.string().min(1).optional(),
    url: z.string().min(1).optional(),
    country: z.string().min(1).optional(),
  }),
  async (context, { file, url, country }) => {
    const { desk } = context;
    const expected = 'the economic calendar of the next session';
    if (file === undefined && url === undefined)
      return { verdict: 'not_run', observed: NOT_SET_UP, expected };
    const session = nextSessionDay(desk, await marketNowMs(context.trader));
    if (session === null)
      return {
        verdict: 'not_run',
        observed: 'no market of this desk trades in the next two weeks',
        expected,
      };
    const date = dateText(session.day);
    let events: readonly CalendarEvent[];
    try {
      const text =
        url === undefined ? await fromFile(context, file ?? '') : await fromAddress(context, url, date);
      events = eventsOf(text, desk.timezone);
    } catch (error) {
      return { verdict: 'fail', observed: `the calendar can’t be read: ${messageOf(error)}`, expected };
    }
    const lacks = lacksDay(events, session);
    if (lacks !== null)
      return { verdict: 'not_run', observed: `${lacks}: it says nothing of ${date}`, expected };
    const due = events.filter(
      ({ at, of }) =>
        session.zones.some((zone) => dateIn(zone, at.toMillis()) === date) &&
        (country === undefined || of === country),
    );
    const shown = due.map(({ at, text }) => `${clockOn(date, at)} ${text}`);
    return {
      verdict: 'pass',
      observed: `${date}: ${someOf(shown, SHOWN_MAX) || 'nothing is published'}`,
      expected,
    };
  },
);

/** Why the calendar does not cover the day. Null: it does. */
function lacksDay(events: readonly CalendarEvent[], { day, zones: [zone] }: SessionDay): string | null {
  const dateOf = ({ at }: CalendarEvent): string => dateIn(zone, at.toMillis());
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return 'the calendar is empty';
  if (dateOf(last) < dateText(day)) return `the calendar ends ${dateOf(last)}`;
  // A quiet day may be before the first event of its week. Weeks end on Saturday or Sunday: the earlier one counts.
  const saturday = day + WEEKDAYS.indexOf('sat') - weekdayIndex(day);
  return dateOf(first) > dateText(Math.max(day, saturday)) ? `the calendar begins ${dateOf(first)}` : null;
}

const fromFile = ({ runtime }: CheckContext, file: string): Promise<string> =>
  readFile(resolve(deskFolderOf(runtime), file), 'utf8');

async function fromAddress({ desk, runtime }: CheckContext, address: string, date: string): Promise<string> {
  const url = allowedAddress(address, desk, { desk: desk.desk, port: runtime.web.port, date });
  if (url === null) throw new Error('its host is not among commands.hosts; nothing was asked');
  const answer = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(FETCH_MS),
    headers: { 'user-agent': 'fermata', accept: 'application/json, */*' },
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > BYTES_MAX) throw new Error(`more than ${BYTES_MAX} bytes`);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sorted by time. Throws if an event can't be read. */
function eventsOf(text: string, timezone: string): readonly CalendarEvent[] {
  const read = eventsSchema.safeParse(parse(text));
  if (!read.success) throw new Error('expected a list of title and date');
  return read.data
    .map(({ title, date, country: of, impact }) => {
      const at = DateTime.fromISO(date, { zone: timezone });
      if (!at.isValid) throw new Error(`expected a date such as 2026-10-01T08:30-04:00, found ${date}`);
      return { at, of, text: [of, title, impact && `(${impact})`].filter(Boolean).join(' ') };
    })
    .toSorted((one, other) => one.at.toMillis() - other.at.toMillis());
}
