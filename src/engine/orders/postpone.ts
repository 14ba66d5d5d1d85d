/** Closing and protective orders that came to nothing: the next one waits longer with each in a row. */
import { type Core, workAt } from '../core.js';
import type { OrderEntry } from '../state.js';
import { ESCALATED_RETRY_MS, REFUSALS_BEFORE_RESTORE, REFUSED_RETRY_MS, retryDelayMs } from '../timing.js';

/** Call when an order has ended. A protective stop that we cancelled ourselves came to what it was meant to. */
export function postponeNext(core: Core, entry: OrderEntry): void {
  const { instrument, purpose } = entry.intent;
  const work = workAt(core, instrument);
  if (entry.filledLots > 0) return;
  if (purpose === 'protective' && entry.state !== 'cancelled') {
    work.stopAtMs = core.monotonicMs + retryDelayMs(work.stopRefusals);
    work.stopRefusals += 1;
  } else if (purpose === 'close' || purpose === 'exit') {
    work.closeRefusals += 1;
    work.closeAtMs = core.monotonicMs + closeDelayMs(core, work.closeRefusals);
  }
}

function closeDelayMs(core: Core, refusals: number): number {
  if (core.state.closeAll === 'escalated') return ESCALATED_RETRY_MS;
  return refusals < REFUSALS_BEFORE_RESTORE ? retryDelayMs(refusals - 1) : REFUSED_RETRY_MS;
}
