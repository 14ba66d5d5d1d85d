/** The next step for one instrument: cancel entries, close the position, or protect it. */
import type { InstrumentId } from '../../domain/instrument.js';
import { isRestingTarget } from '../../domain/order.js';
import {
  type Core,
  capabilitiesAt,
  type InstrumentProgress,
  isClosedByPerson,
  isWhole,
  liveOrders,
  positionAt,
  progressAt,
  sessionsAt,
  tradeProgressAt,
} from '../core.js';
import { isClosing, mayEnter, mayReduce } from '../halts.js';
import { cancelEntries, cancelEntryOrders, cancelOrder } from '../orders/change-order.js';
import { endWaiting, isAnyWaiting } from '../orders/end-waiting.js';
import { type Holding, holdingsOf, type OrderEntry, openLots, type PositionEntry } from '../state.js';
import { ownerOf } from '../trades/trade.js';
import { crossLeaving } from './cross.js';
import { isDust } from './dust.js';
import { exitsRestUntilMs, followExits, followPart, lotsAfterTargets, watchesPrices } from './exits.js';
import { expiryReason, leaveBeforeExpiry } from './expiry.js';
import { flatten, reduceToTargets } from './flatten.js';
import { protect } from './protect.js';
import { isSecuring } from './secure.js';
import { isMarketOpen, leaveBeforeClose, noEntryReason, watchClose } from './session.js';
import { measureStopGap } from './stop-gap.js';
import { isOversold } from './wanted-stop.js';

export function advance(core: Core, at: InstrumentId): void {
  if (!core.begun) return;
  if (core.config.takesNoShortcut !== true && isAtRest(core, at)) return;
  step(core, at);
  measureStopGap(core, at);
}

function step(core: Core, at: InstrumentId): void {
  // No order can leave, so no protection is cancelled for an order that would never follow.
  if (core.journalFault !== null && openLots(positionAt(core, at)) !== 0) {
    cancelEntries(core, at, "the journal can't be written");
    return;
  }
  if (isClosing(core)) {
    cancelEntries(core, at, 'all positions are being closed');
    flatten(core, positionAt(core, at), 'close');
    return;
  }
  if (!mayEnter(core)) cancelEntries(core, at, `the desk is ${core.state.mode}`);
  if (isSecuring(core, at)) {
    cancelEntries(core, at, 'the position can not be protected and is being closed');
    flatten(core, positionAt(core, at), 'close');
    return;
  }
  const { cancelsEntries = false, flatBeforeCloseMs } = sessionsAt(core, at);
  const isEnding = expiryReason(core, at) !== null;
  const noEntry =
    isEnding || cancelsEntries || flatBeforeCloseMs !== undefined ? noEntryReason(core, at) : null;
  if (noEntry !== null) {
    // An entry that waits for a time of a session keeps waiting: it was requested with the session's hours in
    // mind.
    endWaiting(core, noEntry, ({ instrument, fromMs }) => instrument === at && (isEnding || fromMs === null));
    cancelEntryOrders(core, at, noEntry);
  }
  const isOpen = isMarketOpen(core, at);
  if (isOpen) {
    followExits(core, at);
    for (const holding of holdingsOf(positionAt(core, at))) followPart(core, holding);
    leaveBeforeClose(core, at);
    watchClose(core, at);
    leaveBeforeExpiry(core, at);
  }
  const position = positionAt(core, at);
  const { exiting } = progressAt(core, at);
  if (exiting !== null && isClosedByPerson(core, at) && isOpen) {
    cancelEntries(core, at, exiting.because);
    flatten(core, position, 'close', exiting.why);
    return;
  }
  // The stops and exits of these trades would sell someone else's coins.
  if (position.parts.length > 0 && isOversold(core, at)) {
    protect(core, position);
    return;
  }
  if (position.parts.length > 0) cancelStrays(core, position);
  crossLeaving(core, at, isOpen);
  for (const holding of holdingsOf(position)) stepTrade(core, holding, isOpen);
}

function stepTrade(core: Core, holding: Holding, isOpen: boolean): void {
  const at = holding.instrument;
  const { exiting } = tradeProgressAt(core, holding);
  const owner = isWhole(core, holding) ? undefined : ownerOf(holding);
  // While the market is closed, the stop stays until the exit can be made.
  if (exiting !== null && mayReduce(core) && isOpen) {
    endWaiting(
      core,
      exiting.because,
      ({ instrument, strategy, type }) =>
        instrument === at && type !== 'reversal' && strategy === (owner ?? strategy),
    );
    cancelEntryOrders(core, at, exiting.because, owner);
    flatten(core, holding, 'exit', exiting.why);
    return;
  }
  if (lotsAfterTargets(core, holding) === null) {
    protect(core, holding);
    return;
  }
  cancelEntries(core, at, 'a part of its trade is closed', owner);
  reduceToTargets(core, holding);
}

/** Cancels the stops and targets of a closed trade while others are open. */
function cancelStrays(core: Core, position: PositionEntry): void {
  progressAt(core, position.instrument).unprotectedSinceMs = null;
  const owners = holdingsOf(position).map(ownerOf);
  for (const entry of liveOrders(core, position.instrument)) {
    const { intent } = entry;
    const protects = intent.purpose === 'protective' || isRestingTarget(intent);
    if (protects && !owners.includes(intent.strategy)) cancelOrder(core, entry, 'its trade is closed');
  }
}

/**
 * True only if the step would change and send nothing: no position and no live order, or a position behind the one stop
 * that it wants. Exits of a trade depend on price and time. If you add to the step, say here when that is a no-op.
 */
function isAtRest(core: Core, at: InstrumentId): boolean {
  return positionAt(core, at).trade?.exits === undefined && !watchesExits(core, at) && isQuiet(core, at);
}

/** The same but for the exits of the trade. */
function isQuiet(core: Core, at: InstrumentId): boolean {
  const live = core.state.live[at];
  if (live === undefined || live.length > 1 || isClosing(core)) return false;
  // A waiting entry is dropped in modes and at times that allow no entry.
  if (isAnyWaiting(core, at)) return false;
  const progress = progressAt(core, at);
  if (!hasNothingPending(progress)) return false;
  const position = positionAt(core, at);
  // Each trade of a position in parts has a stop of its own.
  if (position.parts.length > 0 || progress.trades.size > 0) return false;
  if (position.quantityLots === 0) return live.length === 0 && !progress.hadStop;
  if (core.config.contracts?.[at] != null) return false; // positions in an expiring contract are closed in time
  const [order] = live;
  return order !== undefined && progress.hadStop && restsBehind(core, position, order);
}

/** Market time up to which the instrument is at rest while the market reaches no exit. Null: it is not. */
export function restsUntilMs(core: Core, at: InstrumentId): number | null {
  const position = positionAt(core, at);
  if (position.trade?.exits === undefined) return isAtRest(core, at) ? Number.POSITIVE_INFINITY : null;
  // Where the venue links orders, a target may be placed beside the stop.
  if (capabilitiesAt(core, at).linksOrders || !isQuiet(core, at)) return null;
  return exitsRestUntilMs(core, position);
}

function hasNothingPending(progress: InstrumentProgress): boolean {
  return (
    progress.exiting === null &&
    progress.parting === null &&
    progress.securing === null &&
    progress.unprotectedSinceMs === null &&
    progress.stopRefusals === 0 &&
    progress.formerStop === null &&
    progress.unlikeSinceMs === null &&
    progress.endedGroup === null &&
    progress.readFirst === null &&
    !progress.mayBeClosed &&
    progress.stopGap === null
  );
}

function watchesExits(core: Core, at: InstrumentId): boolean {
  return watchesPrices(core, at) || core.market.flatAtMs[at] !== Number.POSITIVE_INFINITY;
}

/**
 * A stop that it has replaced would still be live. The end of a session depends on the time, so a trade that
 * it ends never counts as at rest.
 */
function restsBehind(core: Core, position: PositionEntry, stop: OrderEntry): boolean {
  const { intent, state, filledLots } = stop;
  const { trade, quantityLots, instrument: at } = position;
  const held = Math.abs(quantityLots);
  return (
    intent.purpose === 'protective' &&
    state === 'working' &&
    intent.quantityLots - filledLots === held &&
    intent.side === (quantityLots > 0 ? 'sell' : 'buy') &&
    trade !== null &&
    trade.protectTicks !== null &&
    intent.stopTicks === trade.protectTicks &&
    core.journalFault === null &&
    sessionsAt(core, at).flatBeforeCloseMs === undefined &&
    (quantityLots > 0 || capabilitiesAt(core, at).shorting) &&
    !isDust(core, at)
  );
}
