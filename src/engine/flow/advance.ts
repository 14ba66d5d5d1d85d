/** The next step for one instrument: cancel entries, close the position, or protect it. */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, isClosedByPerson, positionAt, sessionsAt, workAt } from '../core.js';
import { isClosing, mayEnter, mayReduce } from '../halts/mode.js';
import { cancelEntries } from '../orders/cancel-order.js';
import { isAtRest } from './at-rest.js';
import { followExits, lotsAfterTargets } from './exits.js';
import { flatten, reduceToTargets } from './flatten.js';
import { protect } from './protect.js';
import { isSecuring } from './secure.js';
import { isMarketOpen, leaveBeforeClose, noEntryReason } from './session.js';
import { measureStopGap } from './stop-gap.js';

export function advance(core: Core, at: InstrumentId): void {
  if (!core.begun) return;
  if (core.config.takesNoShortcut !== true && isAtRest(core, at)) return;
  step(core, at);
  measureStopGap(core, at);
}

function step(core: Core, at: InstrumentId): void {
  // No order can leave, so nothing that protects the position is cancelled for an order that would never follow.
  if (core.journalFault !== null && positionAt(core, at).quantityLots !== 0) {
    cancelEntries(core, at, "the journal can't be written");
    return;
  }
  if (isClosing(core)) {
    cancelEntries(core, at, 'all positions are being closed');
    flatten(core, at, 'close');
    return;
  }
  if (!mayEnter(core)) cancelEntries(core, at, `the desk is ${core.state.mode}`);
  if (isSecuring(core, at)) {
    cancelEntries(core, at, 'the position can not be protected and is being closed');
    flatten(core, at, 'close');
    return;
  }
  const { cancelsEntries = false, flatBeforeCloseMs } = sessionsAt(core, at);
  const noEntry = cancelsEntries || flatBeforeCloseMs !== undefined ? noEntryReason(core, at) : null;
  if (noEntry !== null) cancelEntries(core, at, noEntry);
  const isOpen = isMarketOpen(core, at);
  if (isOpen) {
    followExits(core, at);
    leaveBeforeClose(core, at);
  }
  const exiting = workAt(core, at).exiting;
  // While the market is closed, the stop stays until the exit can be made.
  const isAsked = isClosedByPerson(core, at);
  if (exiting !== null && (isAsked || mayReduce(core)) && isOpen) {
    cancelEntries(core, at, exiting.because);
    flatten(core, at, isAsked ? 'close' : 'exit', exiting.why);
    return;
  }
  if (lotsAfterTargets(core, positionAt(core, at)) === null) {
    protect(core, at);
    return;
  }
  cancelEntries(core, at, 'a part of its trade is closed');
  reduceToTargets(core, at);
}
