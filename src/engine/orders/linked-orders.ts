/** Orders that the venue links: a protective stop, and the target that rests beside it in one group. */
import type { InstrumentId } from '../../domain/instrument.js';
import { isRestingTarget } from '../../domain/order.js';
import { type Core, liveOrders, remainingLots, workAt } from '../core.js';
import type { OrderEntry } from '../state.js';
import { cancelOrder } from './cancel-order.js';

export function restingTargets(core: Core, at: InstrumentId): OrderEntry[] {
  return liveOrders(core, at).filter(({ intent }) => isRestingTarget(intent));
}

/** The target in the group of this stop; undefined: none is. */
export function targetBeside(
  core: Core,
  { intent: { instrument, group } }: OrderEntry,
): OrderEntry | undefined {
  return restingTargets(core, instrument).find(({ intent }) => group !== undefined && intent.group === group);
}

/** Their stop has ended: they have ended too, or are about to, and what they filled is not told yet. */
export function strayTargets(core: Core, at: InstrumentId): OrderEntry[] {
  return restingTargets(core, at).filter(
    ({ intent: { group } }) =>
      !liveOrders(core, at).some(
        ({ intent }) => intent.purpose === 'protective' && group !== undefined && intent.group === group,
      ),
  );
}

/** True while one of them may still fill. */
export function cancelTargets(core: Core, at: InstrumentId, reason: string): boolean {
  const targets = restingTargets(core, at);
  for (const target of targets) cancelOrder(core, target, reason);
  return targets.length > 0;
}

/**
 * Of one whose lots are not those of the position while those of `other`, which it is linked with, are: the venue tells of
 * the two, and of the fill, one after the other. It is left alone for as long as a venue has to answer.
 */
export function followsSoon(core: Core, other: OrderEntry | undefined, lots: number): boolean {
  if (other === undefined || remainingLots(other) !== lots) return false;
  const work = workAt(core, other.intent.instrument);
  work.unlikeSinceMs ??= core.monotonicMs;
  return isSettling(core, other.intent.instrument);
}

/** A part of what is linked was filled, and not everything of it was told. */
export function isSettling(core: Core, at: InstrumentId): boolean {
  const { unlikeSinceMs } = workAt(core, at);
  return unlikeSinceMs !== null && core.monotonicMs - unlikeSinceMs < core.config.closeAll.answerTimeoutMs;
}
