/** When the months of a quarterly future end, and which one is entered. */
import { describe, expect, it } from 'vitest';
import { dateText, dayOfText } from '../../src/domain/civil-date.js';
import {
  contractTerms,
  contractWords,
  fixedTerms,
  monthInForceAt,
  rollDay,
} from '../../src/domain/sessions/contract-months.js';
import {
  endDay,
  isListed,
  monthAfter,
  rolledSeries,
  seriesOf,
} from '../../src/domain/sessions/contract-series.js';
import { zoneOffset } from '../../src/domain/zone-offset.js';

const newYork = zoneOffset('America/New_York');
const MONDAY = 'monday-before-expiry';
const NQ = rolledSeries('NQ/USD');
const dayIn = (day: number | null | undefined): string => (day == null ? '' : dateText(day));

describe('a month of a future on a stock index', () => {
  it.each([
    ['202512', '2025-12-19', 'the third Friday'],
    ['202606', '2026-06-18', 'a Thursday: June 19 is a holiday'],
    ['202612', '2026-12-18', 'the third Friday'],
    ['202703', '2027-03-19', 'the third Friday'],
    ['203303', '2033-03-18', 'the third Friday'],
    ['200803', '2008-03-20', 'a Thursday: Good Friday'],
  ])('%s is traded for the last time on %s, %s', (month, day) => {
    expect(dateText(NQ.lastTradeDay(month))).toBe(day);
  });

  it.each([
    ['202612', MONDAY, '2026-12-14'],
    ['202606', MONDAY, '2026-06-15'],
    ['202612', { daysBefore: 8 }, '2026-12-08'],
    ['202612', { daysBefore: 1 }, '2026-12-17'],
    // Thanksgiving is none of the business days.
    ['202612', { daysBefore: 17 }, '2026-11-24'],
  ] as const)('%s is rolled by the rule %o from %s on', (month, rule, day) => {
    expect(dateText(rollDay(NQ, month, rule))).toBe(day);
  });

  it('ends at 09:30 of New York, in winter as after the clocks changed, and is left the afternoon before', () => {
    const winter = contractTerms(NQ, '202612', MONDAY, newYork);
    expect(new Date(winter.rollMs).toISOString()).toBe('2026-12-14T05:00:00.000Z');
    expect(new Date(winter.flatMs).toISOString()).toBe('2026-12-17T20:00:00.000Z');
    expect(new Date(winter.lastTradeMs).toISOString()).toBe('2026-12-18T14:30:00.000Z');
    const spring = contractTerms(NQ, '202703', MONDAY, newYork);
    expect(new Date(spring.lastTradeMs).toISOString()).toBe('2027-03-19T13:30:00.000Z');
    expect(winter).toMatchObject({ next: '202703', choices: ['202612', '202703', '202706', '202709'] });
  });

  it('is entered until its roll day begins in New York, and the next one from then on', () => {
    expect(monthInForceAt(NQ, Date.parse('2026-12-14T04:59:59Z'), MONDAY, newYork)).toBe('202612');
    expect(monthInForceAt(NQ, Date.parse('2026-12-14T05:00:00Z'), MONDAY, newYork)).toBe('202703');
    expect(monthInForceAt(NQ, Date.parse('2026-12-31T12:00:00Z'), MONDAY, newYork)).toBe('202703');
    expect(monthInForceAt(NQ, Date.parse('2027-01-04T12:00:00Z'), MONDAY, newYork)).toBe('202703');
  });

  it('can be gone back from, to the nearest month that is still entered, and from to three months ahead', () => {
    expect(contractTerms(NQ, '202706', MONDAY, newYork, '202612').choices).toEqual([
      ...['202612', '202703', '202706', '202709', '202712', '202803'],
    ]);
    expect(contractTerms(NQ, '202612', MONDAY, newYork, '202703').choices).toEqual([
      ...['202612', '202703', '202706', '202709'],
    ]);
  });

  it('is followed by the next quarter, over the end of the year too', () => {
    expect(['202603', '202612', '202611'].map((month) => monthAfter(NQ, month))).toEqual([
      '202606',
      '202703',
      '202612',
    ]);
  });
});

describe('a month that the desk file names', () => {
  it('of a future on a stock index ends by the calendar, and is entered until the afternoon before', () => {
    const december = fixedTerms('202612', newYork, { series: NQ });
    const { lastTradeMs, flatMs, lastTradeDay: last } = contractTerms(NQ, '202612', MONDAY, newYork);
    expect(december).toMatchObject({ lastTradeMs, flatMs, rollMs: flatMs, lastTradeDay: last });
    expect(december).toMatchObject({ rollDay: null, next: '202703', choices: [], rollsMs: {} });
    expect(december.lastTrade).toBe('2026-12-18 at 09:30 New York');
  });

  it('of another ends with the day that the file names, and is left on the business day before', () => {
    // A Friday and a Monday: crude oil for January, and one whose day before is a holiday.
    const oil = fixedTerms('202701', newYork, { lastDay: dayOfText('2026-12-21') ?? 0 });
    expect(new Date(oil.flatMs).toISOString()).toBe('2026-12-18T20:00:00.000Z');
    expect(new Date(oil.lastTradeMs).toISOString()).toBe('2026-12-22T05:00:00.000Z');
    expect(oil).toMatchObject({ lastTrade: '2026-12-21', next: null });
    const afterThanksgiving = fixedTerms('202611', newYork, { lastDay: dayOfText('2026-11-27') ?? 0 });
    expect(new Date(afterThanksgiving.flatMs).toISOString()).toBe('2026-11-25T20:00:00.000Z');
  });

  it('is left an hour before stocks close where that day is a half one', () => {
    // The Friday after Thanksgiving, for a Monday.
    const gasoline = fixedTerms('202612', newYork, { lastDay: dayOfText('2026-11-30') ?? 0 });
    expect(new Date(gasoline.flatMs).toISOString()).toBe('2026-11-27T17:00:00.000Z');
  });
});

describe('months of other futures', () => {
  it.each([
    // Months that have ended, as their exchanges had them.
    ['CL/USD', '202401', '2023-12-19', null],
    ['CL/USD', '202005', '2020-04-21', null],
    ['CL/USD', '202311', '2023-10-20', null],
    ['MCL/USD', '202401', '2023-12-18', null],
    ['NG/USD', '202401', '2023-12-27', null],
    ['NG/USD', '202405', '2024-04-26', null],
    ['GC/USD', '202312', '2023-12-27', '2023-11-30'],
    ['MGC/USD', '202402', '2024-02-27', '2024-01-31'],
    ['SI/USD', '202403', '2024-03-26', '2024-02-29'],
    ['HG/USD', '202403', '2024-03-26', '2024-02-29'],
    ['ZN/USD', '202403', '2024-03-19', '2024-02-29'],
    ['ZB/USD', '202312', '2023-12-19', '2023-11-30'],
    ['ZF/USD', '202403', '2024-03-28', '2024-02-29'],
    ['EUR/USD', '202403', '2024-03-18', null],
    // Juneteenth is a Monday.
    ['EUR/USD', '202306', '2023-06-16', null],
    ['CAD/USD', '202403', '2024-03-19', null],
    // One that is still to come: Christmas is a Friday.
    ['CL/USD', '202701', '2026-12-21', null],
  ])(
    '%s %s ended with its last trade on %s, or its notice of delivery on %s',
    (symbol, month, last, notice) => {
      const series = rolledSeries(symbol);
      expect(dateText(series.lastTradeDay(month))).toBe(last);
      expect(dayIn(series.noticeDay?.(month))).toBe(notice ?? '');
      expect(dateText(endDay(series, month))).toBe(notice ?? last);
    },
  );

  it.each([
    ['CL/USD', ['202611', '202612', '202701']],
    ['GC/USD', ['202608', '202612', '202702']],
    ['SI/USD', ['202609', '202612', '202703']],
    ['ZN/USD', ['202609', '202612', '202703']],
    ['EUR/USD', ['202609', '202612', '202703']],
  ])('%s goes from one month that is mostly traded to the next: %j', (symbol, months) => {
    const series = rolledSeries(symbol);
    expect(months.slice(0, -1).map((month) => monthAfter(series, month))).toEqual(months.slice(1));
  });

  it('are left before anybody may be given notice of delivery, and told with it', () => {
    const gold = contractTerms(rolledSeries('GC/USD'), '202612', MONDAY, newYork);
    expect(gold).toMatchObject({
      ...{ lastTradeDay: '2026-12-29', noticeDay: '2026-11-30', next: '202702', rollDay: '2026-11-23' },
      lastTrade:
        '2026-12-29 at 13:30 New York, and who holds it may be given notice of delivery from 2026-11-30 on',
    });
    // The Friday after Thanksgiving, a half day; Monday is the first day of notice.
    expect(new Date(gold.flatMs).toISOString()).toBe('2026-11-27T17:00:00.000Z');
    expect(new Date(gold.lastTradeMs).toISOString()).toBe('2026-12-29T18:30:00.000Z');
    expect(fixedTerms('202612', newYork, { series: rolledSeries('GC/USD') })).toMatchObject({
      ...{ flatMs: gold.flatMs, lastTradeMs: gold.lastTradeMs, noticeDay: '2026-11-30', rollDay: null },
    });
  });

  it.each([
    // December's is left before Monday the 21st, so on Friday: its week is the one before.
    ['CL/USD', MONDAY, '202701', '2026-12-14'],
    // Of Tuesday, January 20 in 2026, after a holiday: on Friday.
    ['CL/USD', MONDAY, '202602', '2026-01-12'],
    ['CL/USD', { daysBefore: 3 }, '202701', '2026-12-16'],
    ['ZN/USD', { daysBefore: 2 }, '202612', '2026-11-25'],
  ] as const)('%s is rolled by the rule %o: %s from %s on', (symbol, rule, month, day) => {
    expect(dateText(rollDay(rolledSeries(symbol), month, rule))).toBe(day);
  });

  it('are in force over the end of a year, where a month ends in the one before', () => {
    const CL = rolledSeries('CL/USD');
    const at = (date: string) => monthInForceAt(CL, Date.parse(`${date}T12:00:00Z`), MONDAY, newYork);
    expect(['2026-12-13', '2026-12-14', '2026-12-31', '2027-01-01'].map(at)).toEqual([
      ...['202701', '202702', '202702', '202702'],
    ]);
    expect(contractTerms(CL, '202612', MONDAY, newYork).choices).toEqual([
      ...['202612', '202701', '202702', '202703'],
    ]);
  });

  it('are known by name: whatever else trades in the hours of stock indices has their months', () => {
    expect(seriesOf('NQX/USD')).toBeNull();
    // It trades in the same hours, and ends on a Thursday.
    expect(seriesOf('NKD/USD')).toBeNull();
    expect(rolledSeries('NQX/USD')).toBe(NQ);
    expect(seriesOf('M2K/USD')).toBe(NQ);
    expect([isListed(NQ, '202611'), isListed(rolledSeries('GC/USD'), '202611')]).toEqual([false, true]);
  });
});

it('a contract is told with its name, its end and what follows', () => {
  const contract = {
    ...{ symbol: 'NQ/USD', month: '202612', lastTradeDay: '2026-12-18', daysLeft: 4, rollDay: '2026-12-14' },
    noticeDay: null,
    ...({ phase: 'due', next: '202703' } as const),
    atVenue: { traded: { name: 'NQZ6' }, following: { name: 'NQH7', month: '202703' } },
    choices: ['202612', '202703'],
  } as const;
  expect(contractWords(contract)).toBe(
    'NQ/USD is NQZ6 (202612), last trade 2026-12-18 (4 days); roll day 2026-12-14, then 202703 (NQH7): nothing is entered until people roll it',
  );
  const fixed = { ...contract, phase: 'leaving', daysLeft: 1, rollDay: null, choices: [] } as const;
  expect(contractWords(fixed)).toBe(
    'NQ/USD is NQZ6 (202612), last trade 2026-12-18 (1 day), then 202703 (NQH7): nothing is entered, and what is held is closed, until the desk file names another month',
  );
  const gold = {
    ...contract,
    ...{ symbol: 'GC/USD', lastTradeDay: '2026-12-29', noticeDay: '2026-11-30', next: '202702' },
    // A broker names the next one that it lists, hardly traded as it is.
    atVenue: { traded: { name: 'GCZ6' }, following: { name: 'GCF7', month: '202701' } },
  };
  expect(contractWords(gold)).toBe(
    'GC/USD is GCZ6 (202612), last trade 2026-12-29 (4 days), notice of delivery from 2026-11-30 on; roll day 2026-12-14, then 202702: nothing is entered until people roll it',
  );
});
