/**
 * Closes one position, or one trade's part of it. If the stop can only reduce, the closing order leaves at once;
 * the stop is cancelled after it, or stays until a strategy's exit is done. Otherwise the stop is cancelled first
 * and the closing order waits for its end: a stop that locks the balance (spot) would have the sale refused, and
 * any other may have fired meanwhile, so that both together would reverse the position. An order of unknown fate
 * counts as under way.
 */
import type { ExitReason } from '../../domain/exits.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { largestAtMarket } from '../../domain/order-bounds.js';
import {
  type Core,
  capabilitiesAt,
  exitRules,
  instrumentAt,
  isSideBySide,
  isWhole,
  liveOrders,
  ordersFor,
  positionAt,
  progressAt,
  tradeProgressAt,
} from '../core.js';
import { cancelOrder } from '../orders/change-order.js';
import { cancelTargets } from '../orders/linked-orders.js';
import { nextClientId, placeOrder } from '../orders/place-order.js';
import { type Holding, holdingsOf, type OrderEntry, openLots } from '../state.js';
import { REFUSALS_BEFORE_RESTORE, REFUSED_RETRY_MS } from '../timing.js';
import { ownerOf } from '../trades/trade.js';
import { closingLots, crossOpposite, isReducing, restsFor, waitsToCross } from './cross.js';
import { isDustOf, isTradable } from './dust.js';
import { lotsAfterTargets, reasonOfPart } from './exits.js';
import { protect } from './protect.js';
import { canOnlyReduce, isConfirmed, isOversold, shrinksBeforeSale, stopsFor } from './wanted-stop.js';

export function flatten(
  core: Core,
  position: Holding,
  purpose: 'close' | 'exit',
  why: ExitReason | null = null,
): void {
  const at = position.instrument;
  if (mayBeGone(core, at) || mayTurnRound(core, at)) return;
  const progress = tradeProgressAt(core, position);
  if (openLots(position) === 0 || isDustOf(core, position)) {
    progress.exiting = null;
    // The rest is too small to sell. A stop held for the sale has no purpose any more, and flat can't be
    // proven while it rests.
    if (openLots(position) === 0) protect(core, position);
    else {
      cancelTargets(core, at, 'what is left is too small to sell');
      cancelStops(core, position);
      progress.unprotectedSinceMs = null;
    }
    return;
  }
  if (isOversold(core, at)) {
    protect(core, position);
    return;
  }
  // A target filled alongside the closing order would reverse the position.
  if (cancelTargets(core, at, 'its position is being closed')) return;
  const waiting = core.monotonicMs < progress.closeAtMs;
  if (waiting && progress.closeRefusals >= REFUSALS_BEFORE_RESTORE) {
    protectEach(core, position);
    return;
  }
  const closing = { purpose, leftLots: 0, why };
  if (canOnlyReduce(core, at)) {
    sendClosing(core, position, closing);
    if (purpose === 'exit') protect(core, position);
    else cancelStops(core, position);
  } else {
    cancelStops(core, position);
    if (stopsFor(core, position).length === 0) leave(core, position, closing);
  }
  // If the sale does not happen, the position counts as without a stop, as in any other case.
  if (!stopsFor(core, position).some(isConfirmed)) progress.unprotectedSinceMs ??= core.monotonicMs;
}

/**
 * Sends the closing order; side by side, only after crossing, so lots that cancel out never reach the venue.
 */
function leave(core: Core, position: Holding, closing: Closing): void {
  const at = position.instrument;
  if (isSideBySide(core, at)) {
    if (!isWhole(core, position)) {
      if (waitsToCross(core, position)) return;
    } else {
      // The fills of orders under way decide how much is left to cross.
      if (ordersFor(core, position).some(isReducing)) return;
      crossOpposite(core, at, closing.why);
    }
  }
  sendClosing(core, position, closing);
}

/** While a position in parts cannot be closed as a whole, each trade has its own stop again. */
function protectEach(core: Core, position: Holding): void {
  const at = position.instrument;
  for (const holding of isWhole(core, position) ? holdingsOf(positionAt(core, at)) : [position])
    protect(core, holding);
}

/**
 * Sells the part that the reached targets close, or that the strategy asked to close. If the stop must shrink
 * first, it rests for the remaining lots before the sale leaves; otherwise it stays whole and shrinks after
 * the sale.
 */
export function reduceToTargets(core: Core, position: Holding): void {
  const at = position.instrument;
  if (mayBeGone(core, at) || mayTurnRound(core, at)) return;
  const leftLots = lotsAfterTargets(core, position);
  protect(core, position);
  if (leftLots === null || isOversold(core, at)) return;
  if (cancelTargets(core, at, 'a part of its trade is closed')) return;
  if (
    shrinksBeforeSale(core, position) !== null &&
    !stopsFor(core, position).every((stop) => restsFor(stop, leftLots))
  )
    return;
  leave(core, position, { purpose: 'exit', leftLots, why: reasonOfPart(core, position) });
}

/**
 * With a restored journal, the account may hold only someone else's coins until a snapshot has confirmed the
 * position. After a fill that the venue never named, it may hold nothing.
 */
export function mayBeGone(core: Core, at: InstrumentId): boolean {
  const { config, state, sync } = core;
  if (progressAt(core, at).mayBeClosed) return true;
  return config.coinsNeedOwner === true && state.putBack.has(at) && !sync.borneOut.has(at);
}

/**
 * While no trader ran, a person may have closed the position, or its stop may have fired. A venue that refuses no
 * order for that would open the other side.
 */
function mayTurnRound(core: Core, at: InstrumentId): boolean {
  const { stopLocksBalance, reduceOnly } = capabilitiesAt(core, at);
  return core.sync.atWallMs === null && !stopLocksBalance && !reduceOnly;
}

interface Closing {
  readonly purpose: 'close' | 'exit';
  /** Lots that must not be sold. */
  readonly leftLots: number;
  readonly why: ExitReason | null;
}

function sendClosing(core: Core, position: Holding, { purpose, leftLots, why }: Closing): void {
  const at = position.instrument;
  const progress = tradeProgressAt(core, position);
  const underWay = closingLots(core, position);
  const lots = Math.abs(position.quantityLots) - leftLots - underWay;
  if (lots <= 0 || core.monotonicMs < progress.closeAtMs) return;
  // Lots that have come in since, too few for an order of their own, would be refused at each fill of the
  // order under way. They go with the lots that it leaves.
  if (underWay > 0 && !isTradable(core, at, lots)) return;
  const sent = placeOrder(core, {
    clientId: nextClientId(core),
    instrument: at,
    strategy: purpose === 'exit' ? ownerOf(position) : 'fermata',
    purpose,
    side: position.quantityLots > 0 ? 'sell' : 'buy',
    type: 'market',
    quantityLots: oneOrder(lots, largestAtMarket(instrumentAt(core, at))),
    limitTicks: null,
    stopTicks: null,
    protectTicks: null,
    reduceOnly: (purpose === 'close' ? capabilitiesAt(core, at) : exitRules(core, at)).reduceOnly,
    timeInForce: 'GTC',
    ...(why === null ? {} : { why }),
  });
  if (!sent) progress.closeAtMs = core.monotonicMs + REFUSED_RETRY_MS;
}

/**
 * Splits by the venue's largest order into equal parts, so that none is too small. The next part follows once
 * this one is done.
 */
function oneOrder(lots: number, most: number): number {
  return Math.ceil(lots / Math.ceil(lots / most));
}

export function liveStops(core: Core, at: InstrumentId): OrderEntry[] {
  return liveOrders(core, at).filter((entry) => entry.intent.purpose === 'protective');
}

function cancelStops(core: Core, position: Holding): void {
  for (const stop of stopsFor(core, position)) cancelOrder(core, stop, 'its position is being closed');
}
