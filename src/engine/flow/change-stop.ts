/**
 * Moves from the current stops to the wanted one with the smallest gap that the venue allows. Fewer lots:
 * amend in place. Another price or more lots: replace in one request. The old stop is cancelled first only if
 * the venue can do neither, or takes no other beside it. One step at a time: while the venue owes an answer, the
 * resting stop is not changed.
 */
import {
  type Core,
  capabilitiesAt,
  exitRules,
  instrumentAt,
  note,
  progressOfOrder,
  remainingLots,
  tradeProgressAt,
} from '../core.js';
import { sendAmend } from '../orders/amend-order.js';
import { cancelOrder } from '../orders/change-order.js';
import { followsSoon, targetBeside } from '../orders/linked-orders.js';
import { isAsked, watchOf } from '../orders/order-watch.js';
import { nextClientId, placeOrder } from '../orders/place-order.js';
import type { Holding, OrderEntry } from '../state.js';
import { REFUSED_RETRY_MS } from '../timing.js';
import { ownerOf } from '../trades/trade.js';
import { isConfirmed, type WantedStop } from './wanted-stop.js';

/** Called when none of `stops` is the wanted one. */
export function changeStops(
  core: Core,
  position: Holding,
  stops: readonly OrderEntry[],
  wanted: WantedStop,
): void {
  const [first, ...more] = [...stops].sort(
    (one, other) => worthKeeping(stops, other) - worthKeeping(stops, one),
  );
  if (first === undefined) {
    placeFirst(core, position, wanted);
    return;
  }
  if (!stops.every(isConfirmed)) return;
  for (const stop of more) cancelOrder(core, stop, 'another one covers more of the position');
  if (more.length === 0) change(core, position, first, wanted);
}

/** A stop that another has replaced is gone, whatever our books say. */
function worthKeeping(stops: readonly OrderEntry[], stop: OrderEntry): number {
  return stops.some(({ replaces }) => replaces === stop.intent.clientId) ? 0 : remainingLots(stop);
}

function change(core: Core, position: Holding, old: OrderEntry, wanted: WantedStop): void {
  const { amends, replaces } = capabilitiesAt(core, position.instrument);
  const { clientId, stopTicks, side, why = null } = old.intent;
  const progress = tradeProgressAt(core, position);
  const watch = core.watches.get(clientId);
  if (core.monotonicMs < progress.stopAtMs || (watch !== undefined && isAsked(watch))) return;
  const onlyLots = stopTicks === wanted.stopTicks && side === wanted.side;
  if (onlyLots && followsSoon(core, targetBeside(core, old), wanted.lots)) return;
  const onlySmaller = stopTicks === wanted.stopTicks && remainingLots(old) > wanted.lots;
  if (onlySmaller && amends && watch?.amendRefused !== true) {
    sendAmend(core, old, wanted.lots);
    return;
  }
  const lots = remainingLots(old);
  progress.formerStop = { side, stopTicks, lots, why, sinceMs: core.monotonicMs, due: false };
  if (replaces && watch?.replaceRefused !== true) place(core, position, wanted, clientId);
  else cancelOrder(core, old, 'the position changed');
}

/**
 * No stop rests. If the venue refused the new stop, the old one is restored at once and the new one is tried
 * later.
 */
function placeFirst(core: Core, position: Holding, wanted: WantedStop): void {
  const progress = tradeProgressAt(core, position);
  const { formerStop } = progress;
  if (formerStop?.due === true && formerStop.stopTicks !== null && formerStop.side === wanted.side) {
    const { symbol } = instrumentAt(core, position.instrument);
    note(core, 'warn', `${symbol}: the new stop was refused; the old one is restored`, position.instrument);
    const lots = Math.min(formerStop.lots, wanted.lots);
    progress.formerStop = null; // only once: if that is refused too, the new stop is next again
    const { stopTicks, why } = formerStop;
    place(core, position, { ...wanted, lots, stopTicks, why }, null);
  } else if (core.monotonicMs >= progress.stopAtMs) {
    place(core, position, wanted, null);
  }
}

/** The old stop gave way to one that was refused, so it must be restored. */
export function onStopRefused(core: Core, { intent }: OrderEntry): void {
  const { formerStop } = progressOfOrder(core, intent);
  if (formerStop !== null) formerStop.due = true;
}

function place(core: Core, position: Holding, wanted: WantedStop, replaces: string | null): void {
  const clientId = nextClientId(core);
  const wish = {
    clientId,
    instrument: position.instrument,
    strategy: ownerOf(position),
    purpose: 'protective',
    side: wanted.side,
    type: 'stop',
    quantityLots: wanted.lots,
    limitTicks: null,
    stopTicks: wanted.stopTicks,
    protectTicks: null,
    reduceOnly: exitRules(core, position.instrument).reduceOnly,
    timeInForce: 'GTC',
    ...(wanted.why === null ? {} : { why: wanted.why }),
  } as const;
  if (!placeOrder(core, wish, null, replaces)) {
    tradeProgressAt(core, position).stopAtMs = core.monotonicMs + REFUSED_RETRY_MS;
    return;
  }
  // Where the old stop is taken off first, nothing rests in between, and that must not go on unnoticed.
  if (replaces === null) return;
  const sentLots = core.state.orders.get(clientId)?.intent.quantityLots;
  if (sentLots === Math.abs(position.quantityLots)) watchOf(core, clientId).coversFromMs = core.monotonicMs;
}
