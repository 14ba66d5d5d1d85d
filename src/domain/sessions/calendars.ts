/** The calendars that ship with Fermata, each under the name that desk files use. */

import { type OwnHours, periodOf, type TradingHours, withOwnHours } from './trading-hours.js';
import { fxException, indexFuturesException, stockException } from './us-holidays.js';

const NEW_YORK = 'America/New_York';

/** The same period from Monday to Friday. */
const workdays = (period: string): TradingHours['week'] => {
  const periods = [periodOf(period)];
  return { mon: periods, tue: periods, wed: periods, thu: periods, fri: periods };
};

/** The default of a market without trading hours: coins trade at all times. */
export const ALWAYS_OPEN: TradingHours = { zone: 'UTC', week: null, exception: () => null };

export const CALENDARS = {
  '24x7': ALWAYS_OPEN,
  /** NQ, MNQ, ES, MES: Sunday 18:00 to Friday 17:00 with an hour's break each day, since June 2021. */
  'cme-equity-index': { zone: NEW_YORK, week: workdays('18:00-17:00'), exception: indexFuturesException },
  /** The continuous session of NYSE and Nasdaq. Trading before and after it is a different market. */
  'us-stocks': { zone: NEW_YORK, week: workdays('09:30-16:00'), exception: stockException },
  /** Sunday 17:00 to Friday 17:00. */
  fx: { zone: NEW_YORK, week: workdays('17:00-17:00'), exception: fxException },
} as const satisfies Readonly<Record<string, TradingHours>>;

export type CalendarName = keyof typeof CALENDARS;

export const CALENDAR_NAMES = Object.keys(CALENDARS) as [CalendarName, ...CalendarName[]];

/** Trading hours of an instrument as in its desk file. Left out there: always open. */
export const tradingHours = (
  own: (OwnHours & { readonly calendar?: CalendarName | undefined }) | undefined,
): TradingHours => (own === undefined ? ALWAYS_OPEN : withOwnHours(CALENDARS[own.calendar ?? '24x7'], own));
