/**
 * Orders that belong together: a stop and its target, which the venue links, and entries that stand for one
 * wish.
 */

import type { InstrumentId } from '../../domain/instrument.js';
import { isRestingTarget, type OrderIntent } from '../../domain/order.js';
import { signalKey } from '../../domain/signal.js';
import { type Core, isChangedFrom, liveOrders, progressAt, remainingLots } from '../core.js';
import type { OrderEntry } from '../state.js';
import { cancelOrder, takeEntryOff } from './change-order.js';
import { endWaiting } from './end-waiting.js';

/** Orders that the venue links: a protective stop, and the target that rests beside it in one group. */
export function restingTargets(core: Core, at: InstrumentId): OrderEntry[] {
  return liveOrders(core, at).filter(({ intent }) => isRestingTarget(intent));
}

/** The target in the same group as this stop. Undefined: there is none. */
export function targetBeside(
  core: Core,
  { intent: { instrument, group } }: OrderEntry,
): OrderEntry | undefined {
  return restingTargets(core, instrument).find(({ intent }) => group !== undefined && intent.group === group);
}

/** Targets whose stop has ended. They have ended too or soon will; their fills may still be unreported. */
export function strayTargets(core: Core, at: InstrumentId): OrderEntry[] {
  return restingTargets(core, at).filter(
    ({ intent: { group } }) =>
      !liveOrders(core, at).some(
        ({ intent }) => intent.purpose === 'protective' && group !== undefined && intent.group === group,
      ),
  );
}

/** Cancels the targets. True while one of them may still fill. */
export function cancelTargets(core: Core, at: InstrumentId, reason: string): boolean {
  const targets = restingTargets(core, at);
  for (const target of targets) cancelOrder(core, target, reason);
  return targets.length > 0;
}

/**
 * For an order whose lots differ from the position while those of the linked order `other` match it: the
 * venue reports the two orders and the fill one by one. The order is left as it is for as long as the venue
 * may take to answer.
 */
export function followsSoon(core: Core, other: OrderEntry | undefined, lots: number): boolean {
  if (other === undefined || remainingLots(other) !== lots) return false;
  const progress = progressAt(core, other.intent.instrument);
  progress.unlikeSinceMs ??= core.monotonicMs;
  return isSettling(core, other.intent.instrument);
}

/** Part of a linked pair was filled, and the venue has not reported everything yet. */
export function isSettling(core: Core, at: InstrumentId): boolean {
  const { unlikeSinceMs } = progressAt(core, at);
  return unlikeSinceMs !== null && core.monotonicMs - unlikeSinceMs < core.config.closeAll.answerTimeoutMs;
}

type Other = Pick<OrderIntent, 'clientId' | 'changes' | 'oneOf' | 'signal' | 'strategy'>;

/**
 * Takes off the entries that stand for the same wish: the other one of a pair, the new order after a change, an edited
 * signal's. Called with a fill of an entry, however late. A change that waits for this very order stays: it is for the
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
