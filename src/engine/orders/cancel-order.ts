/** Cancels leave at once, without waiting for the journal, and may be sent again. */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, liveOrders } from '../core.js';
import type { OrderEntry } from '../state.js';
import { changeOrder } from './change-order.js';
import { endWaiting } from './end-waiting.js';
import { restNoLonger, watchOf } from './order-watch.js';

/**
 * Sends one cancel. One that is under way is repeated by its deadline, not here. After the venue refused a cancel,
 * the order is looked up before the next one is sent; otherwise cancels and refusals would chase each other.
 */
export function cancelOrder(core: Core, entry: OrderEntry, reason: string): void {
  if (entry.state === 'cancelling') return;
  const refused = core.watches.get(entry.intent.clientId)?.cancelRefused === true;
  if (entry.state === 'unknown' && refused) return;
  if (changeOrder(core, entry, 'cancelRequested', reason) && !refused) sendCancel(core, entry);
}

export function sendCancel(core: Core, entry: OrderEntry): void {
  const { clientId, instrument } = entry.intent;
  watchOf(core, clientId).answerByMs = core.monotonicMs + core.config.closeAll.answerTimeoutMs;
  core.effects.push({ kind: 'cancel', clientId, instrument });
}

/** The same for an entry that is not asked about again: where the venue refuses, the next bar cancels it once more. */
export function takeEntryOff(core: Core, entry: OrderEntry, reason: string): void {
  cancelOrder(core, entry, reason);
  restNoLonger(core, entry);
}

/** Cancels the entries of all strategies, or of one, also those that wait in the core. Returns how many were live. */
export function cancelEntries(core: Core, at: InstrumentId, reason: string, strategy?: string): number {
  endWaiting(
    core,
    reason,
    (entry) => entry.instrument === at && entry.strategy === (strategy ?? entry.strategy),
  );
  return cancelEntryOrders(core, at, reason, strategy);
}

/** The same without the entries that wait in the core. */
export function cancelEntryOrders(core: Core, at: InstrumentId, reason: string, strategy?: string): number {
  let entries = 0;
  for (const entry of liveOrders(core, at)) {
    const { intent } = entry;
    if (intent.purpose !== 'entry' || intent.strategy !== (strategy ?? intent.strategy)) continue;
    entries += 1;
    cancelOrder(core, entry, reason);
  }
  return entries;
}
