/**
 * The venue names its smallest order with each reading of the account: from the first one on, nothing below it leaves.
 * Until then a trader that was started again knows only the desk file's, and a close that is due is tried.
 */
import type { Effect } from '../../../src/engine/effect.js';
import type { EngineEvent } from '../../../src/engine/event.js';
import type { Scenario } from '../scenario.js';
import type { Watcher } from '../watcher.js';

export class OrderSizes implements Watcher {
  #isTold = false;

  constructor(private readonly scenario: Scenario) {}

  restarted(): void {
    this.#isTold = false;
  }

  heard({ kind }: EngineEvent): void {
    if (kind === 'venue.snapshot') this.#isTold = true;
  }

  left(effect: Effect): string | null {
    if (!this.#isTold || (effect.kind !== 'submit' && effect.kind !== 'replace')) return null;
    const { clientId, instrument, quantityLots } = effect.order;
    const least = this.scenario.instruments[instrument]?.minQuantityLots ?? 0;
    return quantityLots < least
      ? `${clientId} of ${quantityLots} lots left, and the venue takes no fewer than ${least}`
      : null;
  }
}
