/**
 * Resting orders that change in place: the desk makes one smaller, which is safe to repeat, since it states the quantity
 * and not the difference; or somebody else changes one.
 */

import { formatDecimal } from '../../domain/decimal.js';
import { isRestingTarget } from '../../domain/order.js';
import type { VenueOrder } from '../../domain/venue.js';
import { type Core, capabilitiesAt, commit, instrumentAt, markChanged, progressAt } from '../core.js';
import type { OrderEntry } from '../state.js';
import { sendLookup } from './change-order.js';
import { watchOf } from './order-watch.js';

/** `leftLots`: lots of the order that must stay open. */
export function sendAmend(core: Core, { intent, filledLots }: OrderEntry, leftLots: number): void {
  const { clientId, instrument } = intent;
  watchOf(core, clientId).amendByMs = core.monotonicMs + core.config.closeAll.answerTimeoutMs;
  core.effects.push({ kind: 'amend', clientId, instrument, quantityLots: filledLots + leftLots });
}

export function onAmended(core: Core, entry: OrderEntry, quantityLots: number): void {
  const watch = core.watches.get(entry.intent.clientId);
  if (watch !== undefined) {
    watch.amendByMs = null;
    watch.amendRefused = false;
  }
  takeSmaller(core, entry, quantityLots, 'the venue made it smaller');
}

/** An earlier request whose answer was lost may have reduced the order; the venue knows. */
export function onAmendRefused(core: Core, entry: OrderEntry): void {
  const watch = core.watches.get(entry.intent.clientId);
  if (watch === undefined) return;
  watch.amendByMs = null;
  watch.amendRefused = true;
  sendLookup(core, entry);
}

/** A snapshot may be older than the amendment, so a larger quantity means nothing. */
export function noteSmaller(core: Core, entry: OrderEntry, found: VenueOrder): void {
  if (entry.intent.purpose === 'protective' || isRestingTarget(entry.intent))
    takeSmaller(core, entry, found.quantityLots, 'the venue holds it with fewer lots');
}

/**
 * How an order that rests at the venue differs from the one that was sent, in words: somebody else has changed it, as a
 * person can in a broker's own program. Null: it doesn't. Where the desk itself makes orders smaller, more lots may be
 * an older answer.
 */
export function otherTerms(core: Core, { intent, state }: OrderEntry, found: VenueOrder): string | null {
  if (state !== 'working' && state !== 'partlyFilled') return null;
  const { instrument: at, stopTicks, limitTicks, quantityLots } = intent;
  const { tickSize, lotSize } = instrumentAt(core, at);
  const price = (ticks: number | null) => (ticks === null ? 'none' : formatDecimal(ticks, tickSize));
  const more = found.quantityLots > quantityLots && !capabilitiesAt(core, at).amends;
  const words = [
    ...(stopTicks !== null && found.stopTicks !== stopTicks
      ? [`its stop is ${price(found.stopTicks)} in place of ${price(stopTicks)}`]
      : []),
    ...(limitTicks !== null && found.limitTicks !== limitTicks
      ? [`its limit is ${price(found.limitTicks)} in place of ${price(limitTicks)}`]
      : []),
    ...(more
      ? [
          `it is for ${formatDecimal(found.quantityLots, lotSize)} in place of ${formatDecimal(quantityLots, lotSize)}`,
        ]
      : []),
  ];
  return words.length === 0 ? null : words.join(', ');
}

function takeSmaller(core: Core, entry: OrderEntry, quantityLots: number, reason: string): void {
  const { clientId, instrument } = entry.intent;
  const fits = Number.isSafeInteger(quantityLots) && quantityLots > 0 && quantityLots >= entry.filledLots;
  if (!fits || quantityLots >= entry.intent.quantityLots) return;
  commit(core, { type: 'order.amended', clientId, quantityLots, reason, marketMs: core.marketMs });
  progressAt(core, instrument).activity += 1;
  markChanged(core, instrument);
}
