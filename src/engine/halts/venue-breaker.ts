/**
 * The breaker of the venue's API, as reported by the adapter. While it is not closed, nothing new is opened.
 */

import type { VenueBreakerState } from '../../domain/venue.js';
import { type Core, markAllChanged, note, wantSnapshot } from '../core.js';
import { raiseFault } from './raise-halt.js';

/** Prefix of every note about the breaker; nothing else marks a note as being about the venue. */
export const VENUE_BREAKER_NOTE = "the venue's API breaker is ";

/**
 * An open breaker halts at once. When it closes, something may have been missed, so the venue is read first.
 */
export function onVenueBreaker(core: Core, state: VenueBreakerState, detail: string): void {
  if (state === core.venueBreaker.state) return;
  core.venueBreaker = { state, sinceMs: core.wallMs, detail };
  if (!core.begun) return;
  note(core, state === 'closed' ? 'info' : 'warn', `${VENUE_BREAKER_NOTE}${WORDS[state]}: ${detail}`);
  if (state === 'open') raiseFault(core, 'venue', `the venue's API breaker opened: ${detail}`);
  if (state === 'closed') wantSnapshot(core);
  markAllChanged(core);
}

const WORDS: Readonly<Record<VenueBreakerState, string>> = {
  closed: 'closed again',
  open: 'open',
  halfOpen: 'half open, one request tries',
};
