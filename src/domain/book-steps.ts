/**
 * The steps of exact bookkeeping. Each currency counts in its own scale, fine enough for every tick times lot and every
 * amount that a venue states; amounts in it have no largest value.
 */
import type { Instrument } from './instrument.js';
import { MONEY_PLACES, type Units } from './money.js';

/** Finest step of a venue, as places after the point. */
const STEP_PLACES_MAX = 12;

/** Places after the point, by currency; what is missing has as many as money units. */
export type Scales = ReadonlyMap<string, number>;

/** One instrument in the scales of its two currencies. */
export interface BookSteps {
  readonly base: string;
  readonly quote: string;
  /** Units of the quote currency for one tick × one lot. */
  readonly perTickLot: Units;
  /** Units of the coin in one lot. */
  readonly perLot: Units;
  /** Units of the quote currency in one money unit. */
  readonly perMoney: Units;
}

export function placesOf(scales: Scales, currency: string): number {
  return scales.get(currency) ?? MONEY_PLACES;
}

/** Scales only grow: an amount that was kept finer once is never rounded. */
export function scalesFor(instruments: readonly Instrument[], before: Scales): Scales {
  const scales = new Map(before);
  const grow = (currency: string, places: number) =>
    scales.set(currency, Math.max(placesOf(scales, currency), places));
  for (const { base, quote, tickSize, lotSize } of instruments) {
    grow(quote, places(tickSize) + places(lotSize));
    grow(base, places(lotSize));
  }
  return scales;
}

export function stepsOf({ base, quote, tickSize, lotSize }: Instrument, scales: Scales): BookSteps {
  const quotePlaces = placesOf(scales, quote);
  const fine = 10n ** BigInt(2 * STEP_PLACES_MAX - quotePlaces);
  const coin = 10n ** BigInt(STEP_PLACES_MAX - placesOf(scales, base));
  return {
    base,
    quote,
    perTickLot: (fineUnits(tickSize) * fineUnits(lotSize)) / fine,
    perLot: fineUnits(lotSize) / coin,
    perMoney: 10n ** BigInt(quotePlaces - MONEY_PLACES),
  };
}

function fineUnits(step: string): Units {
  const [whole = '0', fraction = ''] = step.split('.');
  return BigInt(whole + fraction.padEnd(STEP_PLACES_MAX, '0'));
}

function places(step: string): number {
  const point = step.indexOf('.');
  return point === -1 ? 0 : step.slice(point + 1).replace(/0+$/, '').length;
}
