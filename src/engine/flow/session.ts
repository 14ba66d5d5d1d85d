/** What the hours of its market mean for an instrument: closed is not stale, and nothing is entered then. */
import type { InstrumentId } from '../../domain/instrument.js';
import { closedWords } from '../../domain/sessions/session-words.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { type Core, sessionAt, workAt } from '../core.js';
import { OPENING_MS } from '../timing.js';

export const isMarketOpen = (core: Core, at: InstrumentId): boolean =>
  sessionAt(core, at).isOpen(core.marketMs);

/** Why nothing is entered now, as people read it; null: its market is open. */
export function closedReason(core: Core, at: InstrumentId): string | null {
  return isMarketOpen(core, at) ? null : closedWords(sessionAt(core, at), core.marketMs);
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
