/** Deadlines of orders: what was requested, what is late, when to ask again. */

import type { InstrumentId } from '../../domain/instrument.js';
import { FINAL_ORDER_STATES } from '../../domain/order.js';
import {
  type Core,
  instrumentAt,
  liveOrders,
  type OrderWatch,
  positionAt,
  progressAt,
  wantSnapshot,
} from '../core.js';
import { type OrderEntry, openLots } from '../state.js';
import { UNPROTECTED_MAX_MS } from '../timing.js';

export function newWatch(answerByMs: number | null): OrderWatch {
  return {
    answerByMs,
    lookupAtMs: null,
    lookupByMs: null,
    lookupAttempts: 0,
    firstAbsentMs: null,
    missingFillRounds: 0,
    missingAtReading: null,
    namedLots: 0,
    coversFromMs: null,
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

/**
 * Whether the desk itself asked for the order's end: by a cancel, whatever was answered, by a replacement, or by ending
 * another order of its group.
 */
export function isEndAsked(core: Core, entry: OrderEntry): boolean {
  const { clientId, instrument, group } = entry.intent;
  if (isCancelSent(core, entry)) return true;
  if ([...core.state.orders.values()].some(({ replaces }) => replaces === clientId)) return true;
  if (group === undefined) return false;
  if (progressAt(core, instrument).endedHere?.group === group && isEndingHere(core, instrument)) return true;
  return liveOrders(core, instrument).some((one) => one.intent.group === group && isCancelSent(core, one));
}

/** The desk has ended one order of a group, and the venue may be ending the other. */
export function isEndingHere(core: Core, at: InstrumentId): boolean {
  const { endedHere } = progressAt(core, at);
  return endedHere !== null && core.monotonicMs < endedHere.untilMs;
}

const isCancelSent = ({ watches }: Core, { state, intent }: OrderEntry): boolean =>
  state === 'cancelling' || watches.get(intent.clientId)?.cancelRefused === true;

/**
 * A broker that books splits itself ends the stops of the shares for them, and may say so before any reading shows the
 * new number: a stop in old shares would be beyond the market.
 */
export function readBeforeNext(core: Core, { state, intent: { instrument } }: OrderEntry): void {
  const isEnded = state === 'cancelled' || state === 'expired';
  if (!isEnded || core.config.capabilities.takesActions === true) return;
  if (instrumentAt(core, instrument).kind !== 'stock' || openLots(positionAt(core, instrument)) === 0) return;
  const untilMs = core.monotonicMs + UNPROTECTED_MAX_MS;
  progressAt(core, instrument).readFirst = { request: core.sync.lastRequestId, untilMs };
  wantSnapshot(core);
}

/** The desk has ended the order, and what else rests in its group ends with it. */
export function othersEndToo(core: Core, { intent: { instrument, group } }: OrderEntry): void {
  if (group === undefined || liveOrders(core, instrument).every(({ intent }) => intent.group !== group))
    return;
  progressAt(core, instrument).endedHere = { group, untilMs: Number.POSITIVE_INFINITY };
}

/** The venue says that the order rests: what ends with another one of its group does so in the time of an answer. */
export function noteRests(core: Core, { intent: { instrument, group } }: OrderEntry): void {
  const progress = progressAt(core, instrument);
  const { endedHere } = progress;
  if (endedHere === null || group === undefined) return;
  const untilMs = Math.min(endedHere.untilMs, core.monotonicMs + core.config.closeAll.answerTimeoutMs);
  progress.endedHere = endedHere.group === group ? { group, untilMs } : null;
}

/** After a start nobody knows any more who ended the other order of the group, and how long ago. */
export function doubtGroup(core: Core, { intent: { clientId, instrument, group } }: OrderEntry): void {
  if (group === undefined) return;
  const others = [...core.state.orders.values()].filter(
    ({ intent }) => intent.group === group && intent.clientId !== clientId,
  );
  if (others.at(-1)?.state !== 'cancelled') return;
  progressAt(core, instrument).endedHere = { group, untilMs: Number.POSITIVE_INFINITY };
}

export function earliest(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.min(one, other);
}
