/** Fills of a strategy's own orders, shown to it once the event that brought them is taken in as a whole. */
import { type Core, touch } from '../core.js';
import { contextOf } from './on-bar.js';

export function showFills(core: Core): void {
  for (const { clientId, instrument, side, quantityLots, priceTicks } of core.unshownFills.splice(0)) {
    const intent = core.state.orders.get(clientId)?.intent;
    const slot = core.slots.find(
      ({ name, instrument: { id } }) => name === intent?.strategy && id === instrument,
    );
    if (intent === undefined || slot?.strategy.onFill === undefined) continue;
    if (!core.begun || slot.barsSeen < slot.strategy.warmupBars) continue;
    const occasion = { atMs: core.marketMs, warmup: false, late: false };
    const context = contextOf(core, slot, occasion, slot.allowance);
    slot.strategy.onFill(context, { side, quantityLots, priceTicks, purpose: intent.purpose });
    touch(core, instrument);
  }
}
