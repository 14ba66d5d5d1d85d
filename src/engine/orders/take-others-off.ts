/** Entries that stand for one wish: the other of two, and the order that one was changed to. */
import type { Core } from '../core.js';
import { liveOrders } from '../core.js';
import type { OrderEntry } from '../state.js';
import { takeEntryOff } from './cancel-order.js';
import { endWaiting } from './end-waiting.js';

/**
 * Called with a fill of an entry, however late. A change that waits for this very order stays: it is for what is left.
 */
export function takeOthersOff(core: Core, { intent: { clientId, instrument, oneOf } }: OrderEntry): void {
  const reason = `${clientId}, which stands for the same, was filled`;
  const isOther = (other: { readonly clientId: string; readonly oneOf?: string }): boolean =>
    oneOf !== undefined && other.oneOf === oneOf && other.clientId !== clientId;
  endWaiting(core, reason, (entry) => isOther(entry) && entry.changes !== clientId);
  for (const entry of liveOrders(core, instrument)) {
    const { intent } = entry;
    if (intent.purpose === 'entry' && (isOther(intent) || intent.changes === clientId))
      takeEntryOff(core, entry, reason);
  }
}
