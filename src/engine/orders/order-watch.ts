/** Deadlines of orders: what was requested, what is late, when to ask again. */
import { FINAL_ORDER_STATES } from '../../domain/order.js';
import type { Core, OrderWatch } from '../core.js';
import type { OrderEntry } from '../state.js';

export function newWatch(answerByMs: number | null): OrderWatch {
  return {
    answerByMs,
    lookupAtMs: null,
    lookupByMs: null,
    lookupAttempts: 0,
    firstAbsentMs: null,
    missingFillRounds: 0,
    missingAtReading: null,
    cancelRefused: false,
    cancelsUnanswered: 0,
    amendByMs: null,
    amendRefused: false,
    replaceRefused: false,
    barsLeft: null,
  };
}

export function watchOf(core: Core, clientId: string): OrderWatch {
  const known = core.watches.get(clientId);
  if (known !== undefined) return known;
  const created = newWatch(null);
  core.watches.set(clientId, created);
  return created;
}

/**
 * For an entry that reached the venue after it was given up: nobody waits for it, and its bars were no longer
 * counted. The rest of it is cancelled at the next bar.
 */
export function restNoLonger(core: Core, { intent, state }: OrderEntry): void {
  if (intent.purpose === 'entry' && !FINAL_ORDER_STATES.has(state))
    watchOf(core, intent.clientId).barsLeft = 1;
}

/** The earliest deadline of the order. Null: it has none. */
export function watchDueMs(watch: OrderWatch): number | null {
  const { answerByMs, amendByMs, lookupAtMs, lookupByMs } = watch;
  return earliest(earliest(answerByMs, amendByMs), earliest(lookupAtMs, lookupByMs));
}

/** A request about the order is unanswered, so its state is uncertain. */
export function isAsked({ amendByMs, lookupAtMs, lookupByMs, cancelRefused }: OrderWatch): boolean {
  return amendByMs !== null || lookupAtMs !== null || lookupByMs !== null || cancelRefused;
}

export function earliest(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}
