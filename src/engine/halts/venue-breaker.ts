/** The breaker of the venue's API as the adapter reports it: while it is not closed, nothing new is opened. */

import type { VenueBreakerState } from '../../domain/venue.js';
import { type Core, note, touchAll, wantSnapshot } from '../core.js';
import { raiseFault } from './raise-halt.js';

/** How its notes begin: nothing else says of a note that it is about the venue. */
export const VENUE_BREAKER_NOTE = "the venue's API breaker is ";

/** Open halts at once; closed means that something may have been missed, so the venue is read before anything else. */
export function onVenueBreaker(core: Core, state: VenueBreakerState, detail: string): void {
  if (state === core.venueBreaker.state) return;
  core.venueBreaker = { state, sinceMs: core.wallMs, detail };
  if (!core.begun) return;
  note(core, state === 'closed' ? 'info' : 'warn', `${VENUE_BREAKER_NOTE}${WORDS[state]}: ${detail}`);
  if (state === 'open') raiseFault(core, 'venue', `the venue's API breaker opened: ${detail}`);
  if (state === 'closed') wantSnapshot(core);
  touchAll(core);
}

const WORDS: Readonly<Record<VenueBreakerState, string>> = {
  closed: 'closed again',
  open: 'open',
  halfOpen: 'half open, one request tries',
};
