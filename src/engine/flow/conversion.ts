/** Whether what depends on the price that converts can be said: without a fresh one nothing is entered. */
import { valuedAt } from '../../domain/conversion.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { staleMsOf } from '../../limits/stale-data.js';
import { type Core, instrumentAt } from '../core.js';

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
