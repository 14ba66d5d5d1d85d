/** When prices count as stale for the whole desk. */

import { staleMsOf } from '../../limits/stale-data.js';
import type { Core } from '../core.js';
import { openLots } from '../state.js';
import { isTradable } from './dust.js';
import { isPriceDue } from './session.js';

/**
 * Symbols whose price is too old: all of them if the newest quote of any instrument is, else those with a position.
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
    const position = core.state.positions[id];
    const held = position !== undefined && isTradable(core, id, openLots(position));
    if (feedIsSilent || held) stale.push(symbol);
  }
  return stale;
}
