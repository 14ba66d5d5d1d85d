/** When prices count as stale for the whole desk, and what depends on the price that converts. */

import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { valuedAt } from '../../domain/value.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { type Core, instrumentAt } from '../core.js';
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
    const held = config.instruments.some((one) => isNeeded(core, one, id));
    if (feedIsSilent || held) stale.push(symbol);
  }
  return stale;
}

/** Whether something is held in the instrument whose worth takes the price of `id`. */
function isNeeded(core: Core, { id: at, conversion }: Instrument, id: InstrumentId): boolean {
  if (at !== id && conversion?.by !== id) return false;
  const position = core.state.positions[at];
  return position !== undefined && isTradable(core, at, openLots(position));
}

/** The instrument with its amounts in the desk's currency at the last price that converts; NaN before there is one. */
export function valuedNow(core: Core, at: InstrumentId): Instrument {
  return valuedAt(instrumentAt(core, at), core.market.rate(at));
}

/** Why its results have no known worth in the desk's currency. Null: they have, or nothing is converted. */
export function unconvertedReason(core: Core, at: InstrumentId): string | null {
  const { quote, conversion } = instrumentAt(core, at);
  if (conversion === undefined) return null;
  const ageMs = core.market.quoteAgeMs(conversion.by, core.monotonicMs);
  if (ageMs !== null && ageMs <= staleMsOf(core.config.risk)) return null;
  const { symbol } = instrumentAt(core, conversion.by);
  const price = ageMs === null ? 'has no price yet' : `has a price of ${Math.round(ageMs / 1000)} s ago`;
  return `what ${quote} is worth in ${conversion.to} is not known: ${symbol} ${price}`;
}

/** The rate for what is booked without a fill of the venue: the last one known. Left out: nothing is converted. */
export function ratePart(core: Core, at: InstrumentId): { readonly rate?: number } {
  return instrumentAt(core, at).conversion === undefined ? {} : { rate: core.market.rate(at) };
}
