/** Hours of markets against what was worked out by hand: nights of a clock change, half days, holidays, Sunday's open. */
import { describe, expect, it } from 'vitest';
import { closedWords, type Phase, SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import {
  CALENDARS,
  type CalendarName,
  sessionOn,
  withOwnHours,
} from '../../src/domain/sessions/trading-hours.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';

const calendar = (name: CalendarName): SessionCalendar =>
  new SessionCalendar(CALENDARS[name], zoneOffset(CALENDARS[name].zone));
const NQ = calendar('cme-equity-index');
const STOCKS = calendar('us-stocks');
const FX = calendar('fx');

const text = (ms: number): string => new Date(ms).toISOString().slice(0, 16);
const phase = ({ open, fromMs, untilMs }: Phase): string =>
  `${open ? 'open' : 'closed'} ${text(fromMs)} to ${text(untilMs)}`;
const at = (calendarOf: SessionCalendar, utc: string): string => phase(calendarOf.phaseAt(Date.parse(utc)));

it.each([
  ['an hour’s break each day', NQ, '2026-11-18T22:30Z', 'closed 2026-11-18T22:00 to 2026-11-18T23:00'],
  ['the weekend', NQ, '2026-11-14T12:00Z', 'closed 2026-11-13T22:00 to 2026-11-15T23:00'],
  ['Sunday’s open', NQ, '2026-11-15T23:00Z', 'open 2026-11-15T23:00 to 2026-11-16T22:00'],
  ['the last moment', NQ, '2026-11-16T21:59:59.999Z', 'open 2026-11-15T23:00 to 2026-11-16T22:00'],
  ['clocks go ahead on a Sunday', NQ, '2026-03-08T12:00Z', 'closed 2026-03-06T22:00 to 2026-03-08T22:00'],
  ['clocks go back on a Sunday', NQ, '2026-11-01T12:00Z', 'closed 2026-10-30T21:00 to 2026-11-01T23:00'],
  ['Thanksgiving', NQ, '2026-11-26T19:00Z', 'closed 2026-11-26T18:00 to 2026-11-26T23:00'],
  ['the day after it', NQ, '2026-11-27T12:00Z', 'open 2026-11-26T23:00 to 2026-11-27T18:15'],
  ['Christmas', NQ, '2025-12-25T12:00Z', 'closed 2025-12-24T18:15 to 2025-12-25T23:00'],
  ['Christmas on a Saturday', NQ, '2027-12-24T12:00Z', 'closed 2027-12-23T22:00 to 2027-12-26T23:00'],
  ['New Year on a Friday', NQ, '2027-01-02T12:00Z', 'closed 2026-12-31T22:00 to 2027-01-03T23:00'],
  ['Good Friday', NQ, '2025-04-18T12:00Z', 'closed 2025-04-17T21:00 to 2025-04-20T22:00'],
  ['one with a report', NQ, '2026-04-03T12:00Z', 'open 2026-04-02T22:00 to 2026-04-03T13:15'],
  ['July 4 on a Sunday', NQ, '2027-07-05T12:00Z', 'open 2027-07-04T22:00 to 2027-07-05T17:00'],
  ['a day', STOCKS, '2026-11-18T15:00Z', 'open 2026-11-18T14:30 to 2026-11-18T21:00'],
  ['a night', STOCKS, '2026-11-18T21:00Z', 'closed 2026-11-18T21:00 to 2026-11-19T14:30'],
  ['a half day', STOCKS, '2026-11-27T15:00Z', 'open 2026-11-27T14:30 to 2026-11-27T18:00'],
  ['a week', FX, '2026-11-18T22:00Z', 'open 2026-11-15T22:00 to 2026-11-20T22:00'],
  ['the week of a clock change', FX, '2026-03-11T12:00Z', 'open 2026-03-08T21:00 to 2026-03-13T21:00'],
  ['Christmas in a week', FX, '2025-12-25T12:00Z', 'closed 2025-12-24T22:00 to 2025-12-25T22:00'],
])('%s', (_name, hours, utc, expected) => {
  expect(at(hours, utc)).toBe(expected);
});

/** As the exchange publishes them: nyse.com/markets/hours-calendars. */
const NYSE = {
  closed: [
    ...['2025-01-01', '2025-01-09', '2025-01-20', '2025-02-17', '2025-04-18', '2025-05-26', '2025-06-19'],
    ...['2025-07-04', '2025-09-01', '2025-11-27', '2025-12-25'],
    ...['2026-01-01', '2026-01-19', '2026-02-16', '2026-04-03', '2026-05-25', '2026-06-19', '2026-07-03'],
    ...['2026-09-07', '2026-11-26', '2026-12-25'],
    ...['2027-01-01', '2027-01-18', '2027-02-15', '2027-03-26', '2027-05-31', '2027-06-18', '2027-07-05'],
    ...['2027-09-06', '2027-11-25', '2027-12-24'],
  ],
  early: ['2025-07-03', '2025-11-28', '2025-12-24', '2026-11-27', '2026-12-24', '2027-11-26'],
};

/** Before Juneteenth was a holiday, and with a day of mourning. */
const NYSE_2018 = {
  closed: [
    ...['2018-01-01', '2018-01-15', '2018-02-19', '2018-03-30', '2018-05-28', '2018-07-04', '2018-09-03'],
    ...['2018-11-22', '2018-12-05', '2018-12-25'],
  ],
  early: ['2018-07-03', '2018-11-23', '2018-12-24'],
};
const NYSE_2021 = {
  closed: [
    ...['2021-01-01', '2021-01-18', '2021-02-15', '2021-04-02', '2021-05-31', '2021-07-05', '2021-09-06'],
    ...['2021-11-25', '2021-12-24'],
  ],
  early: ['2021-11-26'],
};

it.each([
  ['2025 to 2027', '2025-01-01', '2028-01-01', NYSE],
  ['2018', '2018-01-01', '2019-01-01', NYSE_2018],
  ['2021', '2021-01-01', '2022-01-01', NYSE_2021],
])(
  'keeps the holidays and half days that the stock exchange lists for %s, and no others',
  (_years, from, until, listed) => {
    const found = { closed: [] as string[], early: [] as string[] };
    for (let ms = Date.parse(`${from}T18:30Z`); ms < Date.parse(until); ms += 86_400_000) {
      const date = text(ms).slice(0, 10);
      const weekday = new Date(ms).getUTCDay();
      if (weekday === 0 || weekday === 6) continue;
      const morning = STOCKS.isOpen(Date.parse(`${date}T15:00Z`));
      if (!morning) found.closed.push(date);
      else if (!STOCKS.isOpen(Date.parse(`${date}T19:00Z`))) found.early.push(date);
    }
    expect(found).toEqual(listed);
  },
);

describe('what a strategy and people read', () => {
  it.each([
    [
      NQ,
      '2026-11-15T23:31Z',
      { open: true, minuteOfDay: 1111, date: '2026-11-15', weekday: 'sun', minutesToClose: 1349 },
    ],
    [
      STOCKS,
      '2026-11-27T14:31Z',
      { open: true, minuteOfDay: 571, date: '2026-11-27', weekday: 'fri', minutesToClose: 209 },
    ],
    [
      STOCKS,
      '2026-11-27T18:00Z',
      { open: false, minuteOfDay: 780, date: '2026-11-27', weekday: 'fri', minutesToClose: 0 },
    ],
    [
      calendar('24x7'),
      '2026-02-28T23:59:30Z',
      {
        open: true,
        minuteOfDay: 1439,
        date: '2026-02-28',
        weekday: 'sat',
        minutesToClose: Number.POSITIVE_INFINITY,
      },
    ],
  ])('the clocks of the market', (hours, utc, expected) => {
    expect(hours.readingAt(Date.parse(utc))).toEqual(expected);
  });

  it.each([
    [NQ, '2026-11-14T12:00Z', 'market closed, opens Sun 18:00 New York'],
    [STOCKS, '2026-11-26T15:00Z', 'market closed, opens Fri 09:30 New York'],
  ])('when it opens', (hours, utc, expected) => {
    expect(closedWords(hours, Date.parse(utc))).toBe(expected);
  });
});

describe('hours of a desk file', () => {
  const own = (hours: Parameters<typeof withOwnHours>[1]): SessionCalendar =>
    new SessionCalendar(withOwnHours(CALENDARS['24x7'], hours), zoneOffset(hours.zone ?? 'UTC'));

  it('has a lunch break, a holiday that is a week away, and an early close', () => {
    const tokyo = own({
      zone: 'Asia/Tokyo',
      hours: { mon: ['09:00-11:30', '12:30-15:00'], tue: ['09:00-11:30'] },
      holidays: ['2026-11-24'],
      earlyCloses: { '2026-11-23': '10:00' },
    });
    expect(at(tokyo, '2026-11-16T03:00Z')).toBe('closed 2026-11-16T02:30 to 2026-11-16T03:30');
    expect(at(tokyo, '2026-11-23T00:30Z')).toBe('open 2026-11-23T00:00 to 2026-11-23T01:00');
    expect(closedWords(tokyo, Date.parse('2026-11-23T01:00Z'))).toBe(
      'market closed, opens Mon 2026-11-30 09:00 Tokyo',
    );
  });

  it('are the same in whatever order a day lists them: the night before it last, too', () => {
    const grains = own({ zone: 'America/Chicago', hours: { mon: ['08:30-13:20', '19:00-07:45'] } });
    expect(at(grains, '2026-11-16T01:00Z')).toBe('open 2026-11-16T01:00 to 2026-11-16T13:45');
    expect(at(grains, '2026-11-16T14:00Z')).toBe('closed 2026-11-16T13:45 to 2026-11-16T14:30');
    expect(at(grains, '2026-11-16T15:00Z')).toBe('open 2026-11-16T14:30 to 2026-11-16T19:20');
    const day = Date.parse('2026-11-16') / 86_400_000;
    expect(sessionOn(grains.hours, day)).toMatchObject({ opens: '19:00', onTheEve: true, closes: '13:20' });
  });

  it('stand above those of the calendar: an early close makes half a day of its holiday', () => {
    const stocks = CALENDARS['us-stocks'];
    const half = new SessionCalendar(
      withOwnHours(stocks, { earlyCloses: { '2026-12-25': '12:00' } }),
      zoneOffset(stocks.zone),
    );
    expect(at(half, '2026-12-25T15:00Z')).toBe('open 2026-12-25T14:30 to 2026-12-25T17:00');
    const whole = new SessionCalendar(withOwnHours(stocks, {}), zoneOffset(stocks.zone));
    expect(whole.isOpen(Date.parse('2026-12-25T15:00Z'))).toBe(false);
  });

  it('counts the hours of a day on which clocks change', () => {
    const berlin = own({ zone: 'Europe/Berlin', hours: { sun: ['00:00-24:00'] } });
    expect(at(berlin, '2026-10-25T12:00Z')).toBe('open 2026-10-24T22:00 to 2026-10-25T23:00');
    expect(at(berlin, '2026-03-29T12:00Z')).toBe('open 2026-03-28T23:00 to 2026-03-29T22:00');
  });

  it('keeps a holiday that was too far ahead to be seen when it was asked first', () => {
    const day = ['00:00-24:00'];
    const hours = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day };
    const market = own({ hours, holidays: ['2026-12-25'] });
    expect(market.isOpen(Date.parse('2026-09-01T12:00Z'))).toBe(true);
    expect(market.isOpen(Date.parse('2026-12-24T12:00Z'))).toBe(true);
    expect(at(market, '2026-12-25T12:00Z')).toBe('closed 2026-12-25T00:00 to 2026-12-26T00:00');
  });

  it('is known to have been open before a fortnight in which it is closed, whatever was asked first', () => {
    const day = ['09:30-11:30', '13:00-15:00'];
    const newYear = ['16', '17', '18', '19', '20', '23'].map((date) => `2026-02-${date}`);
    const hours = { mon: day, tue: day, wed: day, thu: day, fri: day };
    const shanghai = own({ zone: 'Asia/Shanghai', hours, holidays: newYear });
    expect(shanghai.isOpen(Date.parse('2026-02-23T12:00Z'))).toBe(false);
    expect(at(shanghai, '2026-02-12T02:00Z')).toBe('open 2026-02-12T01:30 to 2026-02-12T03:30');
    const [from, until] = ['2026-02-12T00:00Z', '2026-02-24T00:00Z'].map(Date.parse) as [number, number];
    expect(shanghai.isOpen(until)).toBe(false);
    expect(shanghai.openMs(from, until)).toBe(2 * 4 * 3_600_000);
  });

  it('never closes where its days touch', () => {
    const day = ['00:00-24:00'];
    const always = own({ hours: { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day } });
    expect(always.readingAt(Date.parse('2026-11-18T12:00Z')).minutesToClose).toBe(Number.POSITIVE_INFINITY);
  });

  it('adds its days to a calendar', () => {
    const added = withOwnHours(CALENDARS['us-stocks'], { holidays: ['2026-11-18'] });
    const hours = new SessionCalendar(added, zoneOffset(added.zone));
    expect(at(hours, '2026-11-18T15:00Z')).toBe('closed 2026-11-17T21:00 to 2026-11-19T14:30');
    expect(at(hours, '2026-11-27T15:00Z')).toBe('open 2026-11-27T14:30 to 2026-11-27T18:00');
  });
});
