/** Turns a wish into an order: risk gate, journal, and only then the venue. */
import type { OrderIntent } from '../../domain/order.js';
import { judge } from '../../limits/gate.js';
import type { Denial } from '../../limits/limit.js';
import { riskCheck } from '../account-view.js';
import { type Core, capabilitiesAt, commit, progressAt } from '../core.js';
import { clientIdAfter } from './client-id.js';
import { newWatch } from './order-watch.js';

/**
 * True if the order was approved and handed over; a refusal is recorded with its reason. `replaces`: client
 * id of the resting order that it replaces.
 */
export function placeOrder(
  core: Core,
  wish: OrderIntent,
  barsLeft: number | null = null,
  replaces: string | null = null,
): boolean {
  const intent = inItsGroup(core, wish);
  const { clientId } = intent;
  const { approved, denial } = judge(riskCheck(core, intent), core.config.risk);
  if (approved === null) {
    commit(core, { type: 'order.denied', order: intent, ...denial, marketMs: core.marketMs });
    return false;
  }
  const { marketMs } = core;
  commit(
    core,
    replaces === null
      ? { type: 'order.intended', order: approved, marketMs }
      : { type: 'order.intended', order: approved, replaces, marketMs },
  );
  const watch = newWatch(core.monotonicMs + core.config.closeAll.answerTimeoutMs);
  watch.barsLeft = barsLeft;
  core.watches.set(clientId, watch);
  progressAt(core, intent.instrument).activity += 1;
  if (replaces === null) core.effects.push({ kind: 'submit', order: approved });
  else core.effects.push({ kind: 'replace', clientId: replaces, order: approved });
  return true;
}

/** What the gate would say of the wish now. Null: the gate would approve it. */
export function whyNotPlace(core: Core, wish: OrderIntent): Denial | null {
  const { approved, denial } = judge(riskCheck(core, inItsGroup(core, wish)), core.config.risk);
  return approved === null ? denial : null;
}

/** Denies an order, on record, without consulting the gate. */
export function denyOrder(core: Core, wish: OrderIntent, denial: Denial): void {
  commit(core, { type: 'order.denied', order: inItsGroup(core, wish), ...denial, marketMs: core.marketMs });
}

/** That of the next order to be recorded, approved or not. */
export const nextClientId = ({ config, state }: Core): string =>
  clientIdAfter(config.incarnation, state.clientSequence);

/** A stop opens the group that its target joins later. */
const inItsGroup = (core: Core, intent: OrderIntent): OrderIntent =>
  intent.purpose === 'protective' && capabilitiesAt(core, intent.instrument).linksOrders
    ? { ...intent, group: intent.clientId }
    : intent;
