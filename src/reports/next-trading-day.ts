import type { Desk } from '../desk/schema.js';
import { type DayNumber, dayOfText } from '../domain/civil-date.js';
import { tradingHours } from '../domain/sessions/calendars.js';
import { nextTradingDay } from '../domain/sessions/trading-dates.js';
import { datesOf } from '../trader/zone-offset.js';

/** The next of the desk's days on which one of its markets trades; null if there is none for two weeks. */
export function nextSessionDay(desk: Desk, marketMs: number): DayNumber | null {
  const today = dayOfText(datesOf(desk)(marketMs));
  const markets = desk.instruments.map(({ sessions }) => tradingHours(sessions));
  return today === null ? null : nextTradingDay(markets, today);
}
