import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { closedWords, type SessionCalendar } from '../domain/sessions/session-calendar.js';
import type { TraderClient } from '../trader/client.js';
import { buildCalendars, isPriceDue } from '../trader/engine-config.js';
import { readStatus } from '../trader/read-status.js';

/** The market's time; this machine's while the trader doesn't answer. Milliseconds. */
export async function marketNowMs(trader: Pick<TraderClient, 'call'>): Promise<number> {
  try {
    const { marketData } = await readStatus({ trader });
    return marketData.marketMs;
  } catch {
    return Date.now();
  }
}

/**
 * Whether a price is due at all. If every market of the desk is closed: until when, in words. Null: one is open.
 */
export function closedNow(desk: Desk, marketMs: number): string | null {
  const next = nextToOpen(buildCalendars(desk), marketMs);
  return next === null ? null : closedWords(next, marketMs);
}

/**
 * Why silence of the prices is no fault now: every market of the desk is closed, or has only just opened. Null: a price
 * is due.
 */
export function whyNoPriceIsDue(
  desk: Desk,
  marketData: Pick<TraderStatus['marketData'], 'marketMs' | 'speed'>,
): string | null {
  const closed = closedNow(desk, marketData.marketMs);
  if (closed !== null) return closed;
  return isPriceDue(desk, marketData) ? null : 'the market has only just opened';
}

/** If every market of the desk is closed: the first one to open. Null: one is open. */
function nextToOpen(calendars: readonly SessionCalendar[], marketMs: number): SessionCalendar | null {
  const opensMs = (calendar: SessionCalendar): number => calendar.phaseAt(marketMs).untilMs;
  const [first = null] = calendars.toSorted((one, other) => opensMs(one) - opensMs(other));
  return calendars.some((calendar) => calendar.isOpen(marketMs)) ? null : first;
}
