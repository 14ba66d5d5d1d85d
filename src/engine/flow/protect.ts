/** One confirmed protective stop for everything that a trade holds, and none without a position. */
import { splitBetween } from '../../domain/corporate-action.js';
import type { InstrumentId } from '../../domain/instrument.js';
import {
  type Core,
  instrumentAt,
  isSplitAsked,
  liveOrders,
  positionAt,
  progressAt,
  remainingLots,
  type TradeProgress,
  tradeProgressAt,
} from '../core.js';
import { cancelOrder } from '../orders/change-order.js';
import { cancelTargets, strayTargets } from '../orders/linked-orders.js';
import type { Holding, OrderEntry } from '../state.js';
import { readSoon } from '../sync/request-snapshot.js';
import { OVERSOLD_READ_MS, STOP_STAYS_MS, UNPROTECTED_MAX_MS } from '../timing.js';
import { changeStops } from './change-stop.js';
import { isDustAt, isDustOf } from './dust.js';
import { keepTarget } from './keep-target.js';
import {
  closingUnderWay,
  fittingOf,
  isConfirmed,
  isOversold,
  keepFoundStop,
  shrinksBeforeSale,
  stopsFor,
  type WantedStop,
  wantedStop,
} from './wanted-stop.js';

export function protect(core: Core, position: Holding): void {
  const at = position.instrument;
  const progress = tradeProgressAt(core, position);
  const stops = stopsFor(core, position);
  if (position.quantityLots === 0) {
    for (const stop of stops) cancelOrder(core, stop, 'its position is closed');
    cancelTargets(core, at, 'its position is closed');
    const whole = progressAt(core, at);
    whole.unlikeSinceMs = null;
    whole.targetEnds = 0;
    whole.mayBeClosed = false;
    whole.readFirst = null;
    whole.foundStop = null;
    leaveNothing(core, progress);
    return;
  }
  if (progressAt(core, at).mayBeClosed) {
    progress.unprotectedSinceMs ??= core.monotonicMs;
    return;
  }
  if (isOversold(core, at)) {
    // A stop would sell someone else's coins.
    for (const stop of stops) cancelOrder(core, stop, 'more was sold than is held');
    progress.unprotectedSinceMs ??= core.monotonicMs;
    readSoon(core, OVERSOLD_READ_MS);
    return;
  }
  const strays = strayTargets(core, at);
  for (const target of strays) cancelOrder(core, target, 'its stop has ended');
  if (strays.length > 0 && stops.length === 0) {
    // The target may have closed the position; a stop would then open another.
    progress.unprotectedSinceMs ??= core.monotonicMs;
    return;
  }
  if (closingUnderWay(core, position) && shrinksBeforeSale(core, position) === null) return;
  keepFoundStop(core, position);
  const wanted = wantedStop(core, position);
  // Once the market has passed the stop, a position below the smallest order at that price can be neither
  // protected nor sold.
  if (isDustAt(core, position, wanted.stopTicks) || (wanted.side === 'sell' && isDustOf(core, position))) {
    progress.unprotectedSinceMs = null;
    if (isDustOf(core, position)) leaveNothing(core, progress);
    return;
  }
  const fitting = fittingOf(stops, wanted);
  const rests = fitting !== undefined && isConfirmed(fitting) && !isMakingPlace(stops, fitting);
  if (maySplit(core, at)) {
    if (rests) atRest(core, progress);
    else progress.unprotectedSinceMs ??= core.monotonicMs;
    return;
  }
  for (const stop of stops) {
    // Until the venue has completed a replace, both stops stay, whichever fits: nobody knows which of them
    // rests.
    const stays = stop === fitting || (!rests && fitting !== undefined && areExchanged(stop, fitting));
    if (!stays && (fitting !== undefined || stop.intent.side !== wanted.side))
      cancelOrder(core, stop, 'the position changed');
  }
  if (rests) {
    atRest(core, progress);
    if (remainingLots(fitting) === Math.abs(position.quantityLots)) keepTarget(core, position, fitting);
    return;
  }
  const sinceMs = progress.unprotectedSinceMs ?? core.monotonicMs;
  progress.unprotectedSinceMs = Math.max(sinceMs, coveredFromMs(core, stops, wanted));
  if (fitting === undefined && core.sync.atWallMs !== null) changeStops(core, position, stops, wanted);
}

/**
 * Shares that may be split have no stop placed or changed: one in old shares would be beyond the market. A reading
 * that shows such a quantity is confirmed or not a moment later, and a broker that ends the stop for the split shows
 * both at once, or ends it first: then the next reading decides (`readFirst`). Where an order other than a stop is live, a late fill explains it as well.
 */
function maySplit(core: Core, at: InstrumentId): boolean {
  if (isSplitAsked(core, at)) return true;
  const { readFirst } = progressAt(core, at);
  if (readFirst !== null && core.monotonicMs < readFirst.untilMs) return true;
  const seen = core.sync.suspected.get(at);
  if (seen === undefined || core.monotonicMs - seen.atMs >= UNPROTECTED_MAX_MS) return false;
  if (core.sync.splits.get(at)?.lots === seen.lots) return false; // a person has said that it is none
  return (
    instrumentAt(core, at).kind === 'stock' &&
    splitBetween(positionAt(core, at).quantityLots, seen.lots) !== null &&
    liveOrders(core, at).every(({ intent }) => intent.purpose === 'protective')
  );
}

/**
 * When the stop that rests was sent for everything held until then: only what came in later has none. An entry that
 * fills in many parts, faster than the venue replaces stops, is always a part ahead of its stop. -Infinity: no such
 * stop rests.
 */
function coveredFromMs(core: Core, stops: readonly OrderEntry[], wanted: WantedStop): number {
  const covering = stops.filter(
    (stop) =>
      isConfirmed(stop) &&
      stop.intent.side === wanted.side &&
      stop.intent.stopTicks === wanted.stopTicks &&
      !isMakingPlace(stops, stop),
  );
  return Math.max(
    ...covering.map(
      ({ intent }) => core.watches.get(intent.clientId)?.coversFromMs ?? Number.NEGATIVE_INFINITY,
    ),
  );
}

function areExchanged(one: OrderEntry, other: OrderEntry): boolean {
  return one.replaces === other.intent.clientId || other.replaces === one.intent.clientId;
}

/** Another stop was sent to replace this one and may already have done so. */
function isMakingPlace(stops: readonly OrderEntry[], { intent }: OrderEntry): boolean {
  return stops.some(({ replaces }) => replaces === intent.clientId);
}

function atRest(core: Core, progress: TradeProgress): void {
  progress.unprotectedSinceMs = null;
  progress.formerStop = null;
  if (core.monotonicMs >= progress.stopAtMs + STOP_STAYS_MS) progress.stopRefusals = 0;
}

/**
 * Clears what must not carry over to the next entry: a stop to restore, waits before the next order, and an exit whose
 * fill was told after the close of the market.
 */
function leaveNothing(core: Core, progress: TradeProgress): void {
  atRest(core, progress);
  progress.exiting = null;
  progress.stopRefusals = 0;
  progress.stopAtMs = 0;
  progress.closeRefusals = 0;
  progress.closeAtMs = 0;
}
