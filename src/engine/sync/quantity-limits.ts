/**
 * How many lots the venue takes in one order, as its readings tell. It is the venue's to say and to change, so no record
 * keeps it: until the first reading the desk file's instruments stand, and before that one nothing is armed.
 */
import type { QuantityLimits } from '../../domain/venue.js';
import { type Core, touch } from '../core.js';

export function takeQuantityLimits(core: Core, limits: readonly QuantityLimits[]): void {
  for (const { instrument: at, minLots, maxLots, maxMarketLots } of limits) {
    const [configured, before] = [core.config.instruments[at], core.instruments[at]];
    if (configured === undefined) continue;
    const now = {
      ...configured,
      minQuantityLots: Math.max(configured.minQuantityLots, minLots),
      maxQuantityLots: Math.min(configured.maxQuantityLots, maxLots ?? configured.maxQuantityLots),
      ...(maxMarketLots === null ? {} : { maxMarketLots }),
    };
    core.instruments[at] = now;
    const changed =
      before?.minQuantityLots !== now.minQuantityLots ||
      before.maxQuantityLots !== now.maxQuantityLots ||
      before.maxMarketLots !== now.maxMarketLots;
    if (changed) touch(core, at);
  }
}
