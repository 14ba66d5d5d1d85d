/** Switches a strategy on or off, on record. Switching it off cancels its resting entries. */
import { type Core, commit } from '../core.js';
import { cancelOrder } from '../orders/change-order.js';
import { endWaiting } from '../orders/end-waiting.js';

interface StrategySwitch {
  readonly strategy: string;
  readonly enabled: boolean;
  /** Switched by the tracker, which only ever undoes its own switches. */
  readonly automatic: boolean;
  readonly by: string;
  readonly reason: string;
}

export function switchStrategy(core: Core, change: StrategySwitch): void {
  commit(core, { type: 'strategy.toggled', ...change, marketMs: core.marketMs });
  if (!change.enabled) cancelEntriesOf(core, change.strategy);
}

function cancelEntriesOf(core: Core, strategy: string): void {
  endWaiting(core, `${strategy} was switched off`, (entry) => entry.strategy === strategy);
  for (const orders of core.state.live) {
    for (const entry of [...orders.values()]) {
      const { intent } = entry;
      if (intent.purpose === 'entry' && intent.strategy === strategy) {
        cancelOrder(core, entry, `${strategy} was switched off`);
      }
    }
  }
}
