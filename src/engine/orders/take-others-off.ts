/** Entries that stand for one wish: the other one of a pair, and the new order after a change. */
import type { OrderIntent } from '../../domain/order.js';
import type { Core } from '../core.js';
import { isChangedFrom, liveOrders } from '../core.js';
import type { OrderEntry } from '../state.js';
import { takeEntryOff } from './change-order.js';
import { endWaiting } from './end-waiting.js';

/**
 * Called with a fill of an entry, however late. A change that waits for this very order stays: it is for the
 * rest.
 */
export function takeOthersOff(core: Core, { intent: { clientId, instrument, oneOf } }: OrderEntry): void {
  const reason = `${clientId}, which stands for the same, was filled`;
  const isOther = (other: Pick<OrderIntent, 'clientId' | 'changes' | 'oneOf'>): boolean =>
    (oneOf !== undefined && other.oneOf === oneOf && other.clientId !== clientId) ||
    isChangedFrom(core, other, clientId);
  endWaiting(core, reason, (entry) => isOther(entry) && entry.changes !== clientId);
  for (const entry of liveOrders(core, instrument)) {
    if (entry.intent.purpose === 'entry' && isOther(entry.intent)) takeEntryOff(core, entry, reason);
  }
}
