import type { Desk } from '../desk/schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import type { SessionCalendar } from '../domain/sessions/session-calendar.js';
import { closedWords } from '../domain/sessions/session-words.js';
import { buildCalendars } from '../trader/engine-config.js';
import { check } from './check.js';

const STATUS_MS = 3_000;

export const dataFresh = check(NO_PARAMETERS, async ({ trader, desk }) => {
  const ageMsMax = desk.risk.staleDataSeconds * 1_000;
  const expected = `prices arrive, the last at most ${desk.risk.staleDataSeconds} s old`;
  const { marketData } = await trader.call('status', {}, { timeoutMs: STATUS_MS });
  const { state, lastQuoteAgeMs, marketMs } = marketData;
  const closed = closedNow(desk, marketMs);
  if (closed !== null) return { verdict: 'pass', observed: `${closed}: no price is due`, expected };
  const age =
    lastQuoteAgeMs === null ? 'no price yet' : `last price ${(lastQuoteAgeMs / 1_000).toFixed(1)} s old`;
  const fresh = state === 'up' && lastQuoteAgeMs !== null && lastQuoteAgeMs <= ageMsMax;
  return { verdict: fresh ? 'pass' : 'fail', observed: `feed is ${state}, ${age}`, expected };
});

/** Where every market of the desk is closed, until when, in words; null: one is open. */
export function closedNow(desk: Desk, marketMs: number): string | null {
  const next = nextToOpen(buildCalendars(desk), marketMs);
  return next === null ? null : closedWords(next, marketMs);
}

/** Where every market of the desk is closed, the first one that opens; null: one is open. */
function nextToOpen(calendars: readonly SessionCalendar[], marketMs: number): SessionCalendar | null {
  const opensMs = (calendar: SessionCalendar): number => calendar.phaseAt(marketMs).untilMs;
  const [first = null] = calendars.toSorted((one, other) => opensMs(one) - opensMs(other));
  return calendars.some((calendar) => calendar.isOpen(marketMs)) ? null : first;
}
