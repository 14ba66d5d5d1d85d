/** Switches one strategy on or off; its position keeps its stop and its exit. */
import { type Core, commit } from '../core.js';
import type { CommandOutcome } from '../effect.js';
import type { Command, CommandEvent } from '../event.js';
import { cancelOrder } from '../orders/cancel-order.js';
import { done, refused } from './outcome.js';

type Toggle = Extract<Command, { readonly name: 'toggle' }>;

export function toggle(core: Core, command: Toggle, event: CommandEvent): CommandOutcome {
  const { strategy, enabled } = command;
  const names = core.config.strategies.map(({ name }) => name);
  if (!names.includes(strategy)) {
    return refused(
      'unknown-strategy',
      `there is no strategy ${strategy}`,
      `name one of: ${names.join(', ')}`,
    );
  }
  const { by, reason } = event;
  commit(core, {
    type: 'strategy.toggled',
    strategy,
    enabled,
    automatic: false,
    by,
    reason,
    marketMs: core.marketMs,
  });
  if (!enabled) cancelEntriesOf(core, strategy);
  return done(core, `${strategy} is ${enabled ? 'on' : 'off: it opens nothing new'}`);
}

function cancelEntriesOf(core: Core, strategy: string): void {
  for (const orders of core.state.live) {
    for (const entry of [...orders.values()]) {
      const { intent } = entry;
      if (intent.purpose === 'entry' && intent.strategy === strategy) {
        cancelOrder(core, entry, `${strategy} was switched off`);
      }
    }
  }
}
