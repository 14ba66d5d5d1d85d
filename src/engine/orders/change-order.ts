/** One step of the order state machine: consults the table, records the change, and reacts to illegal transitions. */
import { FINAL_ORDER_STATES, isRestingTarget } from '../../domain/order.js';
import { type Core, commit, markChanged, note, progressAt, progressOfOrder, wantSnapshot } from '../core.js';
import { raiseFault } from '../halts/raise-halt.js';
import type { OrderEntry } from '../state.js';
import {
  ESCALATED_RETRY_MS,
  REFUSALS_BEFORE_RESTORE,
  REFUSED_RETRY_MS,
  retryDelayMs,
  TARGET_AGAIN_MS,
  TARGET_RETRY_MS,
} from '../timing.js';
import { type OrderEvent, orderTransition } from './order-table.js';
import { restNoLonger, watchOf } from './order-watch.js';

/**
 * An order event alone never moves money: fills are records of their own and don't come through here.
 * `completingFill`: the recorded fills are all that there was to fill.
 */
export type AnswerEvent = Exclude<OrderEvent, 'partialFill'>;

/** True if the order's state changed. */
export function changeOrder(
  core: Core,
  entry: OrderEntry,
  event: AnswerEvent,
  reason: string,
  venueId: string | null = null,
): boolean {
  const { clientId, instrument } = entry.intent;
  const next = orderTransition(entry.state, event);
  if (next === 'illegal') {
    contradiction(core, entry, event, reason);
    return false;
  }
  const learnsVenueId = venueId !== null && entry.venueId !== venueId;
  if (next === 'ignored' && !learnsVenueId) return false;
  const state = next === 'ignored' ? entry.state : next;
  const comesBack = entry.state === 'absent';
  commit(core, { type: 'order.state', clientId, state, venueId, reason, marketMs: core.marketMs });
  progressAt(core, instrument).activity += 1;
  markChanged(core, instrument);
  if (FINAL_ORDER_STATES.has(state)) {
    core.watches.delete(clientId);
    // An order given up as absent has already postponed the next one; its late refusal says nothing about that.
    if (!comesBack) postponeNext(core, entry);
  } else if (comesBack) {
    restNoLonger(core, entry);
  }
  return next !== 'ignored';
}

/**
 * The venue has an order that was to replace another, so the other is gone, whoever reported the new one and however
 * late. The old one protects nothing beside its replacement.
 */
export function endReplaced(core: Core, { replaces, intent }: OrderEntry): void {
  const old = replaces === null ? undefined : core.state.orders.get(replaces);
  if (old !== undefined) changeOrder(core, old, 'cancelled', `replaced by ${intent.clientId}`);
}

/** The venue contradicts itself. It is read again; until then nothing new is opened. */
function contradiction(core: Core, entry: OrderEntry, event: AnswerEvent, reason: string): void {
  const { clientId, instrument } = entry.intent;
  const text = `order ${clientId} is ${entry.state}, and the venue reports it as ${event} (${reason})`;
  note(core, 'alarm', text, instrument);
  raiseFault(core, 'reconciliation', text);
  if (!FINAL_ORDER_STATES.has(entry.state)) watchOf(core, clientId).lookupAtMs = core.monotonicMs;
  wantSnapshot(core);
}

/**
 * Called when an order has ended. A protective stop that we cancelled ourselves ended as intended and postpones
 * nothing.
 */
function postponeNext(core: Core, entry: OrderEntry): void {
  const { instrument, purpose } = entry.intent;
  if (entry.filledLots > 0) return;
  if (isRestingTarget(entry.intent)) {
    const progress = progressAt(core, instrument);
    const hadRested = entry.state === 'cancelled' || entry.state === 'expired';
    progress.targetAtMs = core.monotonicMs + (hadRested ? TARGET_AGAIN_MS : TARGET_RETRY_MS);
    if (hadRested) progress.endedGroup = entry.intent.group ?? null;
    return;
  }
  const progress = progressOfOrder(core, entry.intent);
  if (purpose === 'protective' && entry.state !== 'cancelled') {
    progress.stopAtMs = core.monotonicMs + retryDelayMs(progress.stopRefusals);
    progress.stopRefusals += 1;
  } else if (purpose === 'close' || purpose === 'exit') {
    progress.closeRefusals += 1;
    progress.closeAtMs = core.monotonicMs + closeDelayMs(core, progress.closeRefusals);
  }
}

function closeDelayMs(core: Core, refusals: number): number {
  if (core.state.closeAll === 'escalated') return ESCALATED_RETRY_MS;
  return refusals < REFUSALS_BEFORE_RESTORE ? retryDelayMs(refusals - 1) : REFUSED_RETRY_MS;
}
