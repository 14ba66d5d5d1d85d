/** Turns a wish into an order: client id, risk gate, journal, and only then the venue. */
import type { OrderIntent } from '../../domain/order.js';
import { judge } from '../../limits/gate.js';
import type { Denial } from '../../limits/limit.js';
import { riskCheck } from '../account-view.js';
import { type Core, capabilitiesAt, commit, progressAt } from '../core.js';
import { clientIdAfter } from './client-id.js';
import { newWatch } from './order-watch.js';

/** `clientId`: for an entry that waited under this id. Left out: the next id. */
export type OrderWish = Omit<OrderIntent, 'clientId'> & Partial<Pick<OrderIntent, 'clientId'>>;

/**
 * True if the order was approved and handed over; a refusal is recorded with its reason. `replaces`: client
 * id of the resting order that it replaces.
 */
export function placeOrder(
  core: Core,
  wish: OrderWish,
  barsLeft: number | null = null,
  replaces: string | null = null,
): boolean {
  const intent = intentOf(core, wish);
  const { clientId } = intent;
  const { approved, denial } = judge(riskCheck(core, intent), core.config.risk);
  if (approved === null) {
    commit(core, { type: 'order.denied', order: intent, ...denial, marketMs: core.marketMs });
    return false;
  }
  const link = replaces === null ? {} : { replaces };
  commit(core, { type: 'order.intended', order: approved, ...link, marketMs: core.marketMs });
  const watch = newWatch(core.monotonicMs + core.config.closeAll.answerTimeoutMs);
  watch.barsLeft = barsLeft;
  core.watches.set(clientId, watch);
  progressAt(core, wish.instrument).activity += 1;
  if (replaces === null) core.effects.push({ kind: 'submit', order: approved });
  else core.effects.push({ kind: 'replace', clientId: replaces, order: approved });
  return true;
}

/** What the gate would say of the wish now. Null: the gate would approve it. */
export function whyNotPlace(core: Core, wish: OrderWish): Denial | null {
  const { approved, denial } = judge(riskCheck(core, intentOf(core, wish)), core.config.risk);
  return approved === null ? denial : null;
}

/** Denies an order, on record, without consulting the gate. */
export function denyOrder(core: Core, wish: OrderWish, denial: Denial): void {
  commit(core, { type: 'order.denied', order: intentOf(core, wish), ...denial, marketMs: core.marketMs });
}

export const nextClientId = ({ config, state }: Core): string =>
  clientIdAfter(config.incarnation, state.clientSequence);

function intentOf(core: Core, wish: OrderWish): OrderIntent {
  const clientId = wish.clientId ?? nextClientId(core);
  // A stop opens the group that its target joins later.
  const isLinked = wish.purpose === 'protective' && capabilitiesAt(core, wish.instrument).linksOrders;
  return { clientId, ...wish, ...(isLinked ? { group: clientId } : {}) };
}
