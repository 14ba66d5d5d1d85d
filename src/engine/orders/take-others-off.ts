/** Entries that stand for one wish: the other one of a pair, the new order after a change, an edited signal's. */
import type { OrderIntent } from '../../domain/order.js';
import { signalKey } from '../../domain/signal.js';
import type { Core } from '../core.js';
import { isChangedFrom, liveOrders } from '../core.js';
import type { OrderEntry } from '../state.js';
import { takeEntryOff } from './change-order.js';
import { endWaiting } from './end-waiting.js';

type Other = Pick<OrderIntent, 'clientId' | 'changes' | 'oneOf' | 'signal' | 'strategy'>;

/**
 * Called with a fill of an entry, however late. A change that waits for this very order stays: it is for the
 * rest.
 */
export function takeOthersOff(core: Core, { intent }: OrderEntry): void {
  const { clientId, instrument, strategy, oneOf, signal } = intent;
  const reason = `${clientId}, which stands for the same, was filled`;
  /** A pair that follows a signal has the same revision; each strategy follows it for itself. */
  const isEdited = (other: Other): boolean =>
    signal !== undefined &&
    other.signal !== undefined &&
    other.strategy === strategy &&
    other.signal.revision !== signal.revision &&
    signalKey(other.signal) === signalKey(signal);
  const isOther = (other: Other): boolean =>
    (oneOf !== undefined && other.oneOf === oneOf && other.clientId !== clientId) ||
    isEdited(other) ||
    isChangedFrom(core, other, clientId);
  endWaiting(core, reason, (entry) => isOther(entry) && entry.changes !== clientId);
  for (const entry of liveOrders(core, instrument)) {
    if (entry.intent.purpose === 'entry' && isOther(entry.intent)) takeEntryOff(core, entry, reason);
  }
}
