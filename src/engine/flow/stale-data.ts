/** When prices count as stale for the whole desk. */

import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { staleMsOf } from '../../limits/stale-data.js';
import type { Core } from '../core.js';
import { openLots } from '../state.js';
import { isTradable } from './dust.js';
import { isPriceDue } from './session.js';

/**
 * Symbols whose price is too old: all of them if the newest quote of any instrument is, else those with a position,
 * and those that convert the worth of one.
 * A quiet instrument without a position does not halt the desk; the risk gate refuses entries in it.
 * In a closed market no price is late.
 */
export function staleSymbols(core: Core): string[] {
  const { market, config, monotonicMs } = core;
  const staleMs = staleMsOf(config.risk);
  const feedIsSilent = monotonicMs - market.freshestMonotonicMs > staleMs;
  const stale: string[] = [];
  for (const { id, symbol } of config.instruments) {
    const age = market.quoteAgeMs(id, monotonicMs);
    if (age !== null && age <= staleMs) continue;
    if (!isPriceDue(core, id)) continue;
    if (feedIsSilent || config.instruments.some((one) => isNeeded(core, one, id))) stale.push(symbol);
  }
  return stale;
}

/** Whether something is held in the instrument whose worth takes the price of `id`. */
function isNeeded(core: Core, { id: at, conversion }: Instrument, id: InstrumentId): boolean {
  if (at !== id && conversion?.by !== id) return false;
  const position = core.state.positions[at];
  return position !== undefined && isTradable(core, at, openLots(position));
}
