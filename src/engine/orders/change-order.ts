/** One step of the order state machine: asks the table, records the change, reacts to what must not happen. */
import { FINAL_ORDER_STATES } from '../../domain/order.js';
import { type Core, commit, note, touch, wantSnapshot, workAt } from '../core.js';
import { raiseFault } from '../halts/raise-halt.js';
import type { OrderEntry } from '../state.js';
import { type OrderEvent, orderTransition } from './order-table.js';
import { watchOf } from './order-watch.js';
import { postponeNext } from './postpone.js';

/** Money can't be moved by an order event alone: fills are records of their own and never come through here. */
export type AnswerEvent = Exclude<OrderEvent, 'partialFill' | 'completingFill'>;

/** True where the order's state changed. */
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
  commit(core, { type: 'order.state', clientId, state, venueId, reason, marketMs: core.marketMs });
  workAt(core, instrument).activity += 1;
  touch(core, instrument);
  if (FINAL_ORDER_STATES.has(state)) {
    core.watches.delete(clientId);
    postponeNext(core, entry);
  }
  return next !== 'ignored';
}

/** The venue contradicts itself. What it has is read again; until then nothing new is opened. */
function contradiction(core: Core, entry: OrderEntry, event: AnswerEvent, reason: string): void {
  const { clientId, instrument } = entry.intent;
  const text = `order ${clientId} is ${entry.state}, and the venue reports it as ${event} (${reason})`;
  note(core, 'alarm', text, instrument);
  raiseFault(core, 'reconciliation', text);
  if (!FINAL_ORDER_STATES.has(entry.state)) watchOf(core, clientId).lookupAtMs = core.monotonicMs;
  wantSnapshot(core);
}
