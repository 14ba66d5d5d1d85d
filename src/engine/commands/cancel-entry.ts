/** A person cancels one resting or waiting entry; nothing else changes. */
import type { Core } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';
import type { OrderEntry } from '../state.js';
import { done, refused } from './outcome.js';

type CancelEntry = Extract<Command, { readonly name: 'cancelEntry' }>;

export function cancelEntry(core: Core, { clientId }: CancelEntry, { by }: CommandEvent): CommandOutcome {
  if (endWaiting(core, `${by} cancelled it`, (waiting) => waiting.clientId === clientId) > 0)
    return done(core, `the entry ${clientId} waits no more; no order of it was sent`);
  const entry = openOrder(core, clientId);
  if (entry === undefined) {
    const message = `no order ${clientId} is open: it was filled, cancelled, or never this desk's`;
    return refused('unknown-order', message, 'read the status for the orders that are open');
  }
  const { purpose } = entry.intent;
  if (purpose === 'protective') {
    const message = `order ${clientId} is the stop that protects a position, and would be placed again at once`;
    return refused('protects', message, 'close the position instead: its stop goes with it');
  }
  if (purpose !== 'entry') {
    const message = `order ${clientId} closes a position, and would be sent again at once`;
    return refused('closes', message, 'let it be filled');
  }
  // Otherwise the change that its strategy wants would be sent next.
  endWaiting(core, `${by} cancelled the order that it changes`, ({ changes }) => changes === clientId);
  cancelOrder(core, entry, `${by} cancelled it`);
  return done(core, `entry order ${clientId} is being cancelled; what it fills until then is protected`);
}

function openOrder(core: Core, clientId: string): OrderEntry | undefined {
  for (const orders of core.state.live) {
    for (const entry of orders.values()) if (entry.intent.clientId === clientId) return entry;
  }
  return undefined;
}
