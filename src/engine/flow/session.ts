/** What the hours of its market mean for an instrument: closed is not stale, and nothing is entered then. */
import type { InstrumentId } from '../../domain/instrument.js';
import { beforeCloseWords, closedWords } from '../../domain/sessions/session-words.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { type Core, sessionsAt, workAt } from '../core.js';
import { OPENING_MS } from '../timing.js';

export const isMarketOpen = (core: Core, at: InstrumentId): boolean =>
  sessionsAt(core, at).calendar.isOpen(core.marketMs);

/** Why the hours of its market let nothing be entered now, as people read it; null: they do. */
export function noEntryReason(core: Core, at: InstrumentId): string | null {
  const { calendar, noEntriesBeforeCloseMs = 0 } = sessionsAt(core, at);
  const { open, untilMs } = calendar.phaseAt(core.marketMs);
  if (!open) return closedWords(calendar, core.marketMs);
  if (untilMs - core.marketMs > noEntriesBeforeCloseMs) return null;
  return beforeCloseWords(calendar, core.marketMs, noEntriesBeforeCloseMs);
}

/** Looked at with every tick: since when, in the time that nobody can set, is each market open? */
export function watchSessions(core: Core): void {
  core.work.forEach((work, at) => {
    if (!isMarketOpen(core, at)) work.openSinceMs = null;
    else work.openSinceMs ??= core.monotonicMs;
  });
}

/** A silent price says something: its market is open, and not only just. */
export function isPriceDue(core: Core, at: InstrumentId): boolean {
  const { openSinceMs } = workAt(core, at);
  const silentForMs = Math.max(OPENING_MS, staleMsOf(core.config.risk));
  return openSinceMs !== null && core.monotonicMs - openSinceMs > silentForMs && isMarketOpen(core, at);
}
