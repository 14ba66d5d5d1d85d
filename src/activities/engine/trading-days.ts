import type { Desk } from '../../desk/schema.js';
import { type TradingDays, tradingDayStart } from '../../domain/trading-day.js';
import { zoneOffset } from '../../trader/zone-offset.js';

/** A day has 23 to 25 hours where the clocks change, so this always lies within the next day. */
const INTO_NEXT_DAY_MS = 26 * 3_600_000;

export function tradingDaysOf({
  timezone,
  dayBoundary,
}: Pick<Desk, 'timezone' | 'dayBoundary'>): TradingDays {
  const offsetAt = zoneOffset(timezone);
  return {
    startOfDay: (marketMs) => tradingDayStart(marketMs, dayBoundary, offsetAt),
    endOfDay: (marketMs) => {
      const start = tradingDayStart(marketMs, dayBoundary, offsetAt);
      return tradingDayStart(start + INTO_NEXT_DAY_MS, dayBoundary, offsetAt);
    },
  };
}
