/** When prices count as stale for the whole desk, and what depends on the price that converts a currency. */

import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { withFeesAt } from '../../domain/order-fee.js';
import { valuedAt } from '../../domain/value.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { type Core, instrumentAt } from '../core.js';
import { openLots } from '../state.js';
import { isTradable } from './dust.js';
import { isPriceDue } from './session.js';

/**
 * Symbols whose price is too old: all of them if even the newest quote of any instrument is, else those with
 * a position and those that convert a position's value. A quiet instrument without a position does not halt
 * the desk; the risk gate refuses entries in it. In a closed market no price is late.
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

/** Whether the instrument has a position whose value needs the price of `id`. */
function isNeeded(core: Core, { id: at, conversion }: Instrument, id: InstrumentId): boolean {
  if (at !== id && conversion?.by !== id) return false;
  const position = core.state.positions[at];
  return position !== undefined && isTradable(core, at, openLots(position));
}

/**
 * The instrument with amounts in the desk's currency, at the last price that converts it (NaN before the first one),
 * and with the fees of the tier in force.
 */
export function valuedNow(core: Core, at: InstrumentId): Instrument {
  const instrument = withFeesAt(instrumentAt(core, at), core.state.volumes, core.marketMs);
  return valuedAt(instrument, core.market.rate(at));
}

/**
 * Why its results have no known value in the desk's currency. Null: they have one, or nothing is converted.
 */
export function unconvertedReason(core: Core, at: InstrumentId): string | null {
  const { quote, conversion } = instrumentAt(core, at);
  if (conversion === undefined) return null;
  const ageMs = core.market.quoteAgeMs(conversion.by, core.monotonicMs);
  if (ageMs !== null && ageMs <= staleMsOf(core.config.risk)) return null;
  const { symbol } = instrumentAt(core, conversion.by);
  const price = ageMs === null ? 'has no price yet' : `has a price of ${Math.round(ageMs / 1000)} s ago`;
  return `what ${quote} is worth in ${conversion.to} is not known: ${symbol} ${price}`;
}

/** The last known rate, for bookings without a fill of the venue. Left out: nothing is converted. */
export function ratePart(core: Core, at: InstrumentId): { readonly rate?: number } {
  return instrumentAt(core, at).conversion === undefined ? {} : { rate: core.market.rate(at) };
}
