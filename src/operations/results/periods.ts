/**
 * The desk's days, weeks and months: a week begins with Monday's trading day, a month with the trading day of the
 * first.
 */
import { type DeskCalendar, tradingDayStart } from '../../domain/trading-day.js';
import { zoneOffset } from '../../trader/zone-offset.js';
import type { Period } from './results.js';

export interface PeriodBegin {
  readonly startMs: number;
  /** Date of its first trading day in the desk's time zone, for example `2026-01-05`. */
  readonly date: string;
}

const BEGINS: Readonly<Record<Period, (date: string) => boolean>> = {
  day: () => true,
  week: (date) => new Date(date).getUTCDay() === 1,
  month: (date) => date.endsWith('-01'),
};

export interface Periods {
  /** Start of the first period. */
  readonly fromMs: number;
  readonly fromDate: string;
  readonly toDate: string;
  /** Oldest first. */
  readonly begins: readonly PeriodBegin[];
}

/** Every period that overlaps the span: the first begins at its start or earlier. */
export function periodsOf(
  by: Period,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { timezone, dayBoundary }: DeskCalendar,
): Periods {
  const offsetAt = zoneOffset(timezone);
  const dayOf = (marketMs: number): number => tradingDayStart(marketMs, dayBoundary, offsetAt);
  const newestFirst: PeriodBegin[] = [];
  for (let startMs = dayOf(toMs); ; startMs = dayOf(startMs - 1)) {
    const date = new Date(startMs + offsetAt(startMs)).toISOString().slice(0, 10);
    if (!BEGINS[by](date)) continue;
    newestFirst.push({ startMs, date });
    if (startMs > fromMs) continue;
    const toDate = newestFirst[0]?.date ?? date;
    return { fromMs: startMs, fromDate: date, toDate, begins: newestFirst.reverse() };
  }
}
