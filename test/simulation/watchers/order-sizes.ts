/** The venue names its smallest order with every reading of the account: nothing below it leaves. */
import type { Effect } from '../../../src/engine/effect.js';
import type { Scenario } from '../scenario.js';
import type { Watcher } from '../watcher.js';

export class OrderSizes implements Watcher {
  constructor(private readonly scenario: Scenario) {}

  left(effect: Effect): string | null {
    if (effect.kind !== 'submit' && effect.kind !== 'replace') return null;
    const { clientId, instrument, quantityLots } = effect.order;
    const least = this.scenario.instruments[instrument]?.minQuantityLots ?? 0;
    return quantityLots < least
      ? `${clientId} of ${quantityLots} lots left, and the venue takes no fewer than ${least}`
      : null;
  }
}
