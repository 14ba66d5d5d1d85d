/** The next step for one instrument: cancel entries, close the position, or protect it. */
import type { InstrumentId } from '../../domain/instrument.js';
import { isRestingTarget } from '../../domain/order.js';
import {
  type Core,
  isClosedByPerson,
  isWhole,
  liveOrders,
  positionAt,
  progressAt,
  sessionsAt,
  tradeProgressAt,
} from '../core.js';
import { isClosing, mayEnter, mayReduce } from '../halts/mode.js';
import { cancelEntries, cancelEntryOrders, cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import { type Holding, holdingsOf, openLots, type PositionEntry } from '../state.js';
import { ownerOf } from '../trades/trade.js';
import { isAtRest } from './at-rest.js';
import { crossLeaving } from './cross.js';
import { followExits, followPart, lotsAfterTargets } from './exits.js';
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
