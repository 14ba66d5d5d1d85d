/** Close-all from its beginning to its end: flat as read back from the venue, or escalated by name. */
import type { InstrumentId } from '../../domain/instrument.js';
import { type Core, commit, liveOrders, positionAt, touchAll, wantSnapshot } from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { isClosing, resumeRuleOf } from '../halts/mode.js';
import { raiseHalt } from '../halts/raise-halt.js';
import type { OrderEntry } from '../state.js';
import { retryDelayMs } from '../timing.js';

export function beginCloseAll(core: Core, by: string, reason: string): void {
  commit(core, { type: 'closeAll.begun', by, reason, marketMs: core.marketMs });
  startClosingClock(core);
  touchAll(core);
}

/** Also after a restart in the middle of a close-all. */
export function startClosingClock(core: Core): void {
  core.closing.begunAtMs = core.wallMs;
  core.closing.deadlineMs = core.wallMs + core.config.closeAll.deadlineMs;
  core.closing.proofFromRequest = null;
  core.closing.proofAtMs = 0;
  core.closing.proofAttempts = 0;
  for (const work of core.work) {
    work.closeAtMs = 0;
    work.closeRefusals = 0;
  }
}

/** Once nothing is left to be closed, positions are read back; also a late fill after the proof is closed again. */
export function proveFlat(core: Core): void {
  if (core.state.closeAll === 'flat' && !everyPositionIsZero(core)) {
    beginCloseAll(core, 'fermata', 'a fill arrived after flat had been proven');
    return;
  }
  if (!isClosing(core)) return;
  if (!everyPositionIsZero(core) || !nothingUnresolved(core)) {
    core.closing.proofFromRequest = null;
    return;
  }
  if (core.closing.proofFromRequest !== null || core.wallMs < core.closing.proofAtMs) return;
  core.closing.proofFromRequest = core.sync.lastRequestId + 1;
  wantSnapshot(core);
}

/** After a reconciliation: does this reading of the venue prove that everything is closed? */
export function concludeFlat(core: Core, snapshot: VenueSnapshot): void {
  const { proofFromRequest } = core.closing;
  if (!isClosing(core) || proofFromRequest === null || snapshot.requestId < proofFromRequest) return;
  const open = snapshot.positions.some((position) => position.quantityLots !== 0);
  const resting = snapshot.openOrders.some((order) => core.state.orders.has(order.clientId));
  if (open || resting || !everyPositionIsZero(core) || !nothingUnresolved(core)) {
    core.closing.proofFromRequest = null;
    core.closing.proofAtMs = core.wallMs + retryDelayMs(core.closing.proofAttempts);
    core.closing.proofAttempts += 1;
    return;
  }
  core.closing.proofFromRequest = null;
  core.closing.deadlineMs = null;
  const afterMs = core.wallMs - core.closing.begunAtMs;
  commit(core, { type: 'flat.proven', afterMs, marketMs: core.marketMs });
}

/** At the deadline: what is not proven flat is named, a person is needed, and the tries go on. */
export function escalateCloseAll(core: Core): void {
  core.closing.deadlineMs = null;
  const open = core.config.instruments.filter(({ id }) => isUnfinished(core, id));
  const named = open.length > 0 ? open : core.config.instruments;
  const symbols = named.map(({ symbol }) => symbol);
  const seconds = core.config.closeAll.deadlineMs / 1000;
  const what = open.length > 0 ? 'not closed' : 'closed in our book, but positions could not be read back';
  const reason = `${what} after ${seconds} s: ${symbols.join(', ')}; closing goes on`;
  commit(core, { type: 'flat.escalated', symbols, reason, marketMs: core.marketMs });
  const resume = resumeRuleOf(core.config, 'close-all-incomplete');
  raiseHalt(core, { mode: 'HALTED', cause: 'close-all-incomplete', by: 'fermata', reason, resume });
}

function everyPositionIsZero(core: Core): boolean {
  return core.state.positions.every((position) => position.quantityLots === 0);
}

function isUnfinished(core: Core, at: InstrumentId): boolean {
  return positionAt(core, at).quantityLots !== 0 || liveOrders(core, at).length > 0;
}

/** A cancel of an order that the venue acknowledged may still be on its way: the reading shows whether it is gone. */
function nothingUnresolved(core: Core): boolean {
  return core.config.instruments.every(({ id }) => liveOrders(core, id).every(isOnlyBeingCancelled));
}

function isOnlyBeingCancelled(entry: OrderEntry): boolean {
  return entry.state === 'cancelling' && entry.venueId !== null;
}
