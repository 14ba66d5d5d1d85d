/**
 * How much the venue takes of an instrument, according to its snapshots. The venue may change this, so no
 * record stores it. Until the first snapshot the desk file's instruments apply, and the desk can't be armed.
 */
import { capabilitiesIn } from '../../domain/order-bounds.js';
import type { ClosedInstrument, FixedOrders, QuantityLimits } from '../../domain/venue.js';
import { type Core, markChanged, note } from '../core.js';

export function takeQuantityLimits(core: Core, limits: readonly QuantityLimits[]): void {
  for (const { instrument: at, minLots, maxLots, maxMarketLots, maxStops } of limits) {
    const [configured, before] = [core.config.instruments[at], core.instruments[at]];
    if (configured === undefined) continue;
    const now = {
      ...configured,
      minQuantityLots: Math.max(configured.minQuantityLots, minLots),
      maxQuantityLots: Math.min(configured.maxQuantityLots, maxLots ?? configured.maxQuantityLots),
      ...(maxMarketLots === null ? {} : { maxMarketLots }),
      ...(maxStops === undefined ? {} : { maxStops }),
    };
    core.instruments[at] = now;
    const changed =
      before?.minQuantityLots !== now.minQuantityLots ||
      before.maxQuantityLots !== now.maxQuantityLots ||
      before.maxMarketLots !== now.maxMarketLots;
    if (changed) markChanged(core, at);
  }
}

/** An instrument that is halted or delisted closes only itself; the others continue. Changes are noted. */
export function takeClosed(core: Core, closed: readonly ClosedInstrument[]): void {
  const before = core.closed;
  core.closed = new Map(closed.map(({ instrument, why }) => [instrument, why]));
  for (const [at, why] of core.closed)
    if (before.get(at) !== why) note(core, 'alarm', `${why}; nothing is entered in it`, at);
  for (const at of before.keys())
    if (!core.closed.has(at)) note(core, 'info', 'the venue takes orders in it again', at);
}

/** Notifies people where a stop must be cancelled before the next one is sent. */
export function takeFixed(core: Core, fixed: readonly FixedOrders[]): void {
  const before = core.fixedOrders;
  core.fixedOrders = new Map(fixed.map((one) => [one.instrument, one]));
  for (const { instrument: at, replaces } of fixed) {
    const instrument = core.instruments[at];
    if (replaces || instrument === undefined || before.get(at)?.replaces === false) continue;
    if (!capabilitiesIn(core.config.capabilities, instrument).replaces) continue;
    note(core, 'info', 'the venue exchanges no orders in it: a stop that changes is cancelled first', at);
  }
}
