/** When the months of a quarterly future end, and which one is entered. */
import { describe, expect, it } from 'vitest';
import { dateText, dayOfText } from '../../src/domain/civil-date.js';
import { contractWords } from '../../src/domain/contract-words.js';
import {
  contractTerms,
  fixedTerms,
  isIndexFuture,
  lastTradeDay,
  monthAfter,
  monthInForceAt,
  rollDay,
} from '../../src/domain/sessions/contract-months.js';
import { zoneOffset } from '../../src/trader/zone-offset.js';

const newYork = zoneOffset('America/New_York');
const MONDAY = 'monday-before-expiry';

describe('a month of a future on a stock index', () => {
  it.each([
    ['202512', '2025-12-19', 'the third Friday'],
    ['202606', '2026-06-18', 'a Thursday: June 19 is a holiday'],
    ['202612', '2026-12-18', 'the third Friday'],
    ['202703', '2027-03-19', 'the third Friday'],
    ['203303', '2033-03-18', 'the third Friday'],
    ['200803', '2008-03-20', 'a Thursday: Good Friday'],
  ])('%s is traded for the last time on %s, %s', (month, day) => {
    expect(dateText(lastTradeDay(month))).toBe(day);
  });

  it.each([
    ['202612', MONDAY, '2026-12-14'],
    ['202606', MONDAY, '2026-06-15'],
    ['202612', { daysBefore: 8 }, '2026-12-08'],
    ['202612', { daysBefore: 1 }, '2026-12-17'],
    // Thanksgiving is none of the business days.
    ['202612', { daysBefore: 17 }, '2026-11-24'],
  ] as const)('%s is rolled by the rule %o from %s on', (month, rule, day) => {
    expect(dateText(rollDay(month, rule))).toBe(day);
  });

  it('ends at 09:30 of New York, in winter as after the clocks changed, and is left the afternoon before', () => {
    const winter = contractTerms('202612', MONDAY, newYork);
    expect(new Date(winter.rollMs).toISOString()).toBe('2026-12-14T05:00:00.000Z');
    expect(new Date(winter.flatMs).toISOString()).toBe('2026-12-17T20:00:00.000Z');
    expect(new Date(winter.lastTradeMs).toISOString()).toBe('2026-12-18T14:30:00.000Z');
    const spring = contractTerms('202703', MONDAY, newYork);
    expect(new Date(spring.lastTradeMs).toISOString()).toBe('2027-03-19T13:30:00.000Z');
    expect(winter).toMatchObject({ next: '202703', choices: ['202612', '202703', '202706', '202709'] });
  });

  it('is entered until its roll day begins in New York, and the next one from then on', () => {
    expect(monthInForceAt(Date.parse('2026-12-14T04:59:59Z'), MONDAY, newYork)).toBe('202612');
    expect(monthInForceAt(Date.parse('2026-12-14T05:00:00Z'), MONDAY, newYork)).toBe('202703');
    expect(monthInForceAt(Date.parse('2026-12-31T12:00:00Z'), MONDAY, newYork)).toBe('202703');
    expect(monthInForceAt(Date.parse('2027-01-04T12:00:00Z'), MONDAY, newYork)).toBe('202703');
  });

  it('can be gone back from, to the nearest month that is still entered, and from to three months ahead', () => {
    expect(contractTerms('202706', MONDAY, newYork, '202612').choices).toEqual([
      ...['202612', '202703', '202706', '202709', '202712', '202803'],
    ]);
    expect(contractTerms('202612', MONDAY, newYork, '202703').choices).toEqual([
      ...['202612', '202703', '202706', '202709'],
    ]);
  });

  it('is followed by the next quarter, over the end of the year too', () => {
    expect(['202603', '202612', '202611'].map(monthAfter)).toEqual(['202606', '202703', '202612']);
  });
});

describe('a month that the desk file names', () => {
  it('of a future on a stock index ends by the calendar, and is entered until the afternoon before', () => {
    const december = fixedTerms('202612', newYork);
    const { lastTradeMs, flatMs, lastTradeDay: last } = contractTerms('202612', MONDAY, newYork);
    expect(december).toMatchObject({ lastTradeMs, flatMs, rollMs: flatMs, lastTradeDay: last });
    expect(december).toMatchObject({ rollDay: null, next: '202703', choices: [], rollsMs: {} });
    expect(december.lastTrade).toBe('2026-12-18 at 09:30 New York');
  });

  it('of another ends with the day that the file names, and is left on the business day before', () => {
    // A Friday and a Monday: crude oil for January, and one whose day before is a holiday.
    const oil = fixedTerms('202701', newYork, dayOfText('2026-12-21'));
    expect(new Date(oil.flatMs).toISOString()).toBe('2026-12-18T20:00:00.000Z');
    expect(new Date(oil.lastTradeMs).toISOString()).toBe('2026-12-22T05:00:00.000Z');
    expect(oil).toMatchObject({ lastTrade: '2026-12-21', next: null });
    const afterThanksgiving = fixedTerms('202611', newYork, dayOfText('2026-11-27'));
    expect(new Date(afterThanksgiving.flatMs).toISOString()).toBe('2026-11-25T20:00:00.000Z');
  });

  it('is left an hour before stocks close where that day is a half one', () => {
    // The Friday after Thanksgiving, for a Monday.
    const gasoline = fixedTerms('202612', newYork, dayOfText('2026-11-30'));
    expect(new Date(gasoline.flatMs).toISOString()).toBe('2026-11-27T17:00:00.000Z');
  });

  it.each([
    ['NQ/USD', true],
    ['M2K/USD', true],
    ['CL/USD', false],
    ['NQX/USD', false],
    // It trades in the same hours, and ends on a Thursday.
    ['NKD/USD', false],
  ])('%s has months of that calendar: %s', (symbol, does) => {
    expect(isIndexFuture(symbol)).toBe(does);
  });
});

it('a contract is told with its name, its end and what follows', () => {
  const contract = {
    ...{ symbol: 'NQ/USD', month: '202612', lastTradeDay: '2026-12-18', daysLeft: 4, rollDay: '2026-12-14' },
    ...({ phase: 'due', next: '202703' } as const),
    atVenue: { traded: { name: 'NQZ6' }, following: { name: 'NQH7' } },
    choices: ['202612', '202703'],
  } as const;
  expect(contractWords(contract)).toBe(
    'NQ/USD is NQZ6 (202612), last trade 2026-12-18 (4 days); roll day 2026-12-14, then 202703 (NQH7): nothing is entered until people roll it',
  );
  const fixed = { ...contract, phase: 'leaving', daysLeft: 1, rollDay: null, choices: [] } as const;
  expect(contractWords(fixed)).toBe(
    'NQ/USD is NQZ6 (202612), last trade 2026-12-18 (1 day), then 202703 (NQH7): nothing is entered, and what is held is closed, until the desk file names another month',
  );
});
