/** When a market trades: by weekday, with days that are closed and days that end early. */
import { type DayNumber, dayOfText, minuteOfDay, WEEKDAYS, type Weekday } from '../civil-date.js';

/** Minutes since midnight of its date, in the market's zone: from `open` on, before `close`. Negative: on the eve. */
export interface Period {
  readonly open: number;
  readonly close: number;
}

export interface TradingHours {
  /** IANA, for example America/New_York. */
  readonly zone: string;
  /** Periods belong to the date on which they close. Null: always open. */
  readonly week: Readonly<Partial<Record<Weekday, readonly Period[]>>> | null;
  /** What is not as in every week: closed on that date, or over from that minute of the day on. Null: as always. */
  readonly exception: (day: DayNumber) => 'closed' | number | null;
}

/** `09:30-16:00`; what does not begin before it ends began on the eve, as `18:00-17:00` does. */
export const PERIOD = /^(([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d|24:00)$/;

/** Of text that `PERIOD` takes. */
export function periodOf(text: string): Period {
  const [from = '', to = ''] = text.split('-');
  const [open, close] = [minuteOfDay(from), minuteOfDay(to)];
  return { open: open < close ? open : open - 1440, close };
}

/** What a desk file says beside a calendar, or in place of one. */
export interface OwnHours {
  readonly zone?: string | undefined;
  readonly hours?: Readonly<Partial<Record<Weekday, readonly string[] | undefined>>> | undefined;
  /** `2026-12-25`, each. */
  readonly holidays?: readonly string[] | undefined;
  /** Date to `HH:MM`. */
  readonly earlyCloses?: Readonly<Record<string, string>> | undefined;
}

/** `base` with what the desk file adds: its holidays and early closes count beside those of a calendar. */
export function withOwnHours(base: TradingHours, own: OwnHours): TradingHours {
  const { zone = base.zone, hours, holidays = [], earlyCloses = {} } = own;
  const closed = new Set(holidays.map(dayOfText));
  const early = new Map(
    Object.entries(earlyCloses).map(([date, time]) => [dayOfText(date), minuteOfDay(time)]),
  );
  const week =
    hours === undefined
      ? base.week
      : Object.fromEntries(WEEKDAYS.map((weekday) => [weekday, (hours[weekday] ?? []).map(periodOf)]));
  return {
    zone,
    week,
    exception: (day) => (closed.has(day) ? 'closed' : (early.get(day) ?? base.exception(day))),
  };
}
