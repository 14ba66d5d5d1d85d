/** Hours in a desk file: what they become, and what is said of those that make no sense. */
import { describe, expect, it } from 'vitest';
import { DeskFileError } from '../../src/desk/problem.js';
import { buildCalendars } from '../../src/trader/engine-config.js';
import { parseDesk } from '../../src/venue/load-desk.js';

const deskWith = (sessions: string): string => `
desk: hours
version: 1
mode: paper
venue: { name: binance }
feeds: [binance]
timezone: UTC
instruments: [{ symbol: SPY/USD, kind: stock, tickSize: "0.01", lotSize: "1"${sessions} }]
paper: { balance: "1000000", currency: USD }
strategies: [{ name: cross, kind: emaCross, symbols: [SPY/USD] }]
risk: { maxPositionSizePct: 50, maxConcurrentPositions: 1, stopLossPct: 1.5, dailyLossLimitPct: 3, maxDrawdownPct: 9 }
people: [{ name: operator, roles: [operator, approver] }]
`;

function problemsOf(sessions: string): readonly string[] {
  try {
    parseDesk('desk.yaml', deskWith(`, sessions: ${sessions}`));
    return [];
  } catch (error) {
    if (!(error instanceof DeskFileError)) throw error;
    return error.problems.map(
      ({ key, expected, found, doThis }) => `${key}: ${expected}; ${found}; ${doThis}`,
    );
  }
}

const openAt = (sessions: string, utc: string): boolean | undefined =>
  buildCalendars(parseDesk('desk.yaml', deskWith(sessions)).desk)[0]?.isOpen(Date.parse(utc));

describe('the hours of an instrument', () => {
  it.each([
    ['none: always open', '', '2026-11-22T12:00Z', true],
    ['a calendar', ', sessions: { calendar: us-stocks }', '2026-11-20T14:30Z', true],
    ['its holidays', ', sessions: { calendar: us-stocks }', '2026-11-26T15:00Z', false],
    [
      'a holiday of its own',
      ', sessions: { calendar: us-stocks, holidays: [2026-11-20] }',
      '2026-11-20T15:00Z',
      false,
    ],
    [
      'hours of its own',
      ', sessions: { zone: Europe/Berlin, hours: { fri: ["09:00-17:30"] } }',
      '2026-11-20T08:00Z',
      true,
    ],
    [
      'an early close',
      ', sessions: { zone: UTC, hours: { fri: ["09:00-17:30"] }, earlyCloses: { 2026-11-20: "12:00" } }',
      '2026-11-20T12:00Z',
      false,
    ],
  ])('%s', (_name, sessions, utc, expected) => {
    expect(openAt(sessions, utc)).toBe(expected);
  });

  it.each([
    ['{}', /sessions: either calendar or hours; neither/],
    ['{ calendar: fx, zone: UTC, hours: { mon: ["09:00-17:00"] } }', /either calendar or hours; both/],
    ['{ calendar: nyse }', /sessions\.calendar: .*us-stocks/],
    ['{ calendar: fx, zone: UTC }', /sessions\.zone: no zone, which fx has already; UTC; remove zone/],
    ['{ hours: { mon: ["09:00-17:00"] } }', /sessions\.zone: the time zone of the hours; nothing/],
    [
      '{ zone: Mars/Olympus, hours: { mon: ["09:00-17:00"] } }',
      /sessions\.zone: a time zone of the IANA list/,
    ],
    ['{ zone: UTC, hours: {} }', /sessions\.hours: a weekday with hours at least/],
    ['{ zone: UTC, hours: { mon: ["9-17"] } }', /hours\.mon\[0\]: hours HH:MM-HH:MM/],
    [
      '{ zone: UTC, hours: { mon: ["09:00-17:00", "16:00-18:00"] } }',
      /16:00-18:00, which overlaps with 09:00-17:00 of mon/,
    ],
    ['{ zone: UTC, hours: { sun: ["10:00-23:00"], mon: ["22:00-17:00"] } }', /overlaps with/],
    ['{ calendar: us-stocks, holidays: [2026-02-30] }', /holidays\[0\]: a date/],
    ['{ calendar: us-stocks, earlyCloses: { 2026-11-20: noon } }', /earlyCloses.*a time HH:MM/],
    ['{ calendar: 24x7, holidays: [2026-12-25] }', /no holidays of a market that never closes/],
    [
      '{ calendar: 24x7, flatByCloseMinutes: 30 }',
      /sessions\.flatByCloseMinutes: no flatByCloseMinutes of a market that never closes; 30; remove/,
    ],
    ['{ calendar: 24x7, noEntriesBeforeCloseMinutes: 5 }', /no noEntriesBeforeCloseMinutes of a market/],
    ['{ calendar: 24x7, cancelEntriesAtClose: true }', /no cancelEntriesAtClose of a market/],
  ])('%s is refused', (sessions, expected) => {
    expect(problemsOf(sessions).join('\n')).toMatch(expected);
  });
});
