/** A close-all from start to end: flat is read back from the venue, or the close-all is escalated by name. */
import { formatDecimal } from '../../domain/decimal.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { smallestOrder } from '../../domain/order-bounds.js';
import { moneyText, notional, unitOf } from '../../domain/value.js';
import { othersLotsAt } from '../commands/claim-coins.js';
import {
  type Core,
  commit,
  liveOrders,
  markAllChanged,
  note,
  positionAt,
  wantFreshSnapshot,
  wantSnapshot,
} from '../core.js';
import type { VenueSnapshot } from '../event.js';
import { haltWhy, isClosing, raiseHalt } from '../halts.js';
import { CLOSING_GOES_ON, type OrderEntry, openLots } from '../state.js';
import { retryDelayMs } from '../timing.js';
import { isTradable, knownTicks } from './dust.js';
import { valuedNow } from './stale-data.js';

export function beginCloseAll(core: Core, by: string, reason: string): void {
  commit(core, { type: 'closeAll.begun', by, reason, marketMs: core.marketMs });
  startClosingClock(core);
  markAllChanged(core);
}

/** Also called after a restart in the middle of a close-all. */
export function startClosingClock(core: Core): void {
  core.closing.begunAtMs = core.monotonicMs;
  core.closing.deadlineMs = core.monotonicMs + core.config.closeAll.deadlineMs;
  core.closing.proofFromRequest = null;
  core.closing.proofAtMs = 0;
  core.closing.proofAttempts = 0;
  for (const progress of core.progress) {
    progress.closeAtMs = 0;
    progress.closeRefusals = 0;
  }
}

/**
 * Once nothing is left to close, reads the positions back. A fill after the proof begins another close-all.
 */
export function proveFlat(core: Core): void {
  if (core.state.closeAll === 'flat' && !nothingIsTradable(core)) {
    const reason =
      'after flat had been proven a fill arrived, or what was too small to sell became large enough';
    beginCloseAll(core, 'fermata', reason);
    return;
  }
  if (!isClosing(core)) return;
  if (!nothingIsTradable(core) || !nothingUnresolved(core)) {
    core.closing.proofFromRequest = null;
    return;
  }
  if (core.closing.proofFromRequest !== null || core.monotonicMs < core.closing.proofAtMs) return;
  const { outstanding, lastRequestId } = core.sync;
  core.closing.proofFromRequest = lastRequestId + 1;
  // A proof under way that is no longer valid is waited for; any other snapshot is dropped for a fresh one.
  if (outstanding?.isProof === true) wantSnapshot(core);
  else wantFreshSnapshot(core);
}

/** Called after a reconciliation: does this snapshot prove that everything is closed? */
export function concludeFlat(core: Core, snapshot: VenueSnapshot): void {
  const { proofFromRequest } = core.closing;
  if (!isClosing(core) || proofFromRequest === null || snapshot.requestId < proofFromRequest) return;
  const open = snapshot.positions.some(({ instrument, quantityLots }) =>
    isTradable(
      core,
      instrument,
      quantityLots - othersLotsAt(core, core.config.instruments[instrument]?.symbol ?? ''),
    ),
  );
  const resting = snapshot.openOrders.some((order) => core.state.orders.has(order.clientId));
  if (open || resting || !nothingIsTradable(core) || !nothingUnresolved(core)) {
    core.closing.proofFromRequest = null;
    core.closing.proofAtMs = core.monotonicMs + retryDelayMs(core.closing.proofAttempts);
    core.closing.proofAttempts += 1;
    return;
  }
  core.closing.proofFromRequest = null;
  core.closing.deadlineMs = null;
  const afterMs = core.monotonicMs - core.closing.begunAtMs;
  commit(core, { type: 'flat.proven', afterMs, marketMs: core.marketMs });
  nameDust(core);
}

/** At the deadline, names what is not proven flat and calls for a person; attempts go on. */
export function escalateCloseAll(core: Core): void {
  core.closing.deadlineMs = null;
  const open = core.config.instruments.filter(({ id }) => isUnfinished(core, id));
  const named = open.length > 0 ? open : core.config.instruments;
  const symbols = named.map(({ symbol }) => symbol);
  const seconds = core.config.closeAll.deadlineMs / 1000;
  const what = open.length > 0 ? 'not closed' : 'closed in our book, but positions could not be read back';
  const reason = `${what} after ${seconds} s: ${symbols.join(', ')}${CLOSING_GOES_ON}`;
  commit(core, { type: 'flat.escalated', symbols, reason, marketMs: core.marketMs });
  const why = haltWhy(core.config, 'close-all-incomplete');
  raiseHalt(core, { mode: 'HALTED', by: 'fermata', reason, ...why });
}

/** Nothing is left that can be traded. */
function nothingIsTradable(core: Core): boolean {
  return core.state.positions.every((position) => !isTradable(core, position.instrument, openLots(position)));
}

function nameDust(core: Core): void {
  for (const instrument of core.instruments) {
    const { id, symbol, lotSize } = instrument;
    const { quantityLots } = positionAt(core, id);
    if (quantityLots === 0) continue;
    const valued = valuedNow(core, id);
    const value = notional(valued, Math.abs(quantityLots), knownTicks(core, id) ?? 0);
    // The worth is unknown until there is a price that converts it.
    const worth = Number.isNaN(value)
      ? 'less than the smallest order'
      : `worth ${moneyText(instrument, value)}: less than the smallest order of ${smallestOrder(valued)}`;
    const text =
      `${symbol}: ${formatDecimal(quantityLots, lotSize)} ${unitOf(instrument)} are left, ${worth}. ` +
      'Kept as dust; sold with the next position';
    note(core, 'info', text, id);
  }
}

function isUnfinished(core: Core, at: InstrumentId): boolean {
  return isTradable(core, at, openLots(positionAt(core, at))) || liveOrders(core, at).length > 0;
}

/**
 * The cancel of an acknowledged order may still be on its way; the snapshot shows whether the order is gone.
 */
function nothingUnresolved(core: Core): boolean {
  return core.config.instruments.every(({ id }) => liveOrders(core, id).every(isOnlyBeingCancelled));
}

function isOnlyBeingCancelled(entry: OrderEntry): boolean {
  return entry.state === 'cancelling' && entry.venueId !== null;
}
