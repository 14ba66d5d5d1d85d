/** Fills are facts: each is applied once, whatever state its order is in, and what can't be is said aloud. */

import type { Fill } from '../../domain/order.js';
import { FINAL_ORDER_STATES } from '../../domain/order.js';
import { type Core, commit, isOurs, note, touch, workAt } from '../core.js';
import { raiseFault, raiseForeign } from '../halts/raise-halt.js';
import type { OrderEntry } from '../state.js';
import { disableLosing } from '../strategies/tracker.js';
import { orderTransition } from './order-table.js';

/** True where the fill was new. */
export function takeFill(core: Core, fill: Fill): boolean {
  const seen = core.state.fillsSeen[fill.instrument];
  if (seen === undefined || !isSound(fill)) {
    const text = `the venue reported a fill that can't be (${fill.tradeId}); it was not applied`;
    raiseFault(core, 'reconciliation', text);
    return false;
  }
  if (seen.has(fill.tradeId) || fill.marketMs < core.state.fillHorizonMs) return false;
  const entry = core.state.orders.get(fill.clientId);
  const trouble = troubleWith(fill, entry);
  commit(core, { type: 'fill', fill });
  const work = workAt(core, fill.instrument);
  work.activity += 1;
  touch(core, fill.instrument);
  if (entry !== undefined) {
    if (FINAL_ORDER_STATES.has(entry.state)) core.watches.delete(fill.clientId);
    if (entry.intent.purpose === 'close' || entry.intent.purpose === 'exit') work.closeRefusals = 0;
  }
  if (trouble !== null) {
    note(core, 'alarm', trouble, fill.instrument);
    raiseFault(core, 'reconciliation', trouble);
  }
  if (entry === undefined) noteForeign(core, fill);
  disableLosing(core);
  return true;
}

function isSound(fill: Fill): boolean {
  return (
    Number.isSafeInteger(fill.quantityLots) &&
    fill.quantityLots > 0 &&
    Number.isSafeInteger(fill.priceTicks) &&
    fill.priceTicks > 0 &&
    Number.isSafeInteger(fill.fee) &&
    isSoundFeeInCoins(fill)
  );
}

/** Only a purchase can be paid with what it bought, and never with more. */
function isSoundFeeInCoins({ feeLots = 0, quantityLots, side }: Fill): boolean {
  if (feeLots === 0) return true;
  return Number.isSafeInteger(feeLots) && feeLots > 0 && feeLots <= quantityLots && side === 'buy';
}

function troubleWith(fill: Fill, entry: OrderEntry | undefined): string | null {
  if (entry === undefined) return null;
  const { clientId, quantityLots, side } = entry.intent;
  if (entry.filledLots + fill.quantityLots > quantityLots) {
    return `order ${clientId} was for ${quantityLots} lots and is filled with ${entry.filledLots + fill.quantityLots}`;
  }
  if (fill.side !== side) return `order ${clientId} was a ${side} and is filled as a ${fill.side}`;
  if (orderTransition(entry.state, 'partialFill') === 'illegal') {
    return `order ${clientId} is ${entry.state} and was filled all the same`;
  }
  return null;
}

/** A fill of nobody's order here: a second trader or a person works on this account. */
function noteForeign(core: Core, fill: Fill): void {
  if (isOurs(core, fill.clientId)) return;
  const symbol = core.config.instruments[fill.instrument]?.symbol ?? '?';
  const reason = `${symbol}: a fill of the order ${fill.clientId}, which is not ours`;
  note(core, 'alarm', reason, fill.instrument);
  raiseForeign(core, reason);
}
