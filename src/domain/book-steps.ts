/**
 * The steps of exact bookkeeping. Each currency has its own scale, fine enough for every tick × lot and every
 * amount that a venue reports. Amounts have no upper bound.
 */
import type { Instrument, InstrumentKind } from './instrument.js';
import { MONEY_PLACES, mulDivUnits, type Units } from './money.js';
import { settleOf } from './value.js';

/** Finest step that a venue may have, in decimal places. */
export const STEP_PLACES_MAX = 12;
/** Four places more than money units, for amounts that result from a division. */
const RECIPROCAL_PLACES = MONEY_PLACES + 4;

/** Decimal places by currency. A missing currency has as many as a money unit. */
export type Scales = ReadonlyMap<string, number>;

/** One instrument in the scales of its two currencies. */
export interface BookSteps {
  readonly kind: InstrumentKind;
  readonly base: string;
  /** Currency of cost and results: the quote currency, or the coin for an inverse contract. */
  readonly quote: string;
  /** Units of that currency for one tick × one lot; for an inverse contract, for one lot at a price of one tick. */
  readonly perTickLot: Units;
  /** Units of the coin in one lot. */
  readonly perLot: Units;
  /** Units of the quote currency in one money unit. */
  readonly perMoney: Units;
}

export function placesOf(scales: Scales, currency: string): number {
  return scales.get(currency) ?? MONEY_PLACES;
}

/** Scales only grow, so an amount stored with more places is never rounded. */
export function scalesFor(instruments: readonly Instrument[], before: Scales): Scales {
  const scales = new Map(before);
  const grow = (currency: string, places: number) =>
    scales.set(currency, Math.max(placesOf(scales, currency), places));
  for (const instrument of instruments) {
    const { kind, base, tickSize, lotSize, multiplier = '1' } = instrument;
    const settle = settleOf(instrument);
    if (kind === 'inverse') grow(settle, RECIPROCAL_PLACES);
    else grow(settle, places(tickSize) + places(lotSize) + places(multiplier));
    grow(base, places(lotSize));
  }
  return scales;
}

export function stepsOf(instrument: Instrument, scales: Scales): BookSteps {
  const { kind, base, lotSize } = instrument;
  const quote = settleOf(instrument);
  const quotePlaces = placesOf(scales, quote);
  const coin = 10n ** BigInt(STEP_PLACES_MAX - placesOf(scales, base));
  return {
    kind,
    base,
    quote,
    perTickLot: perTickLot(instrument, quotePlaces),
    perLot: fineUnits(lotSize) / coin,
    perMoney: 10n ** BigInt(quotePlaces - MONEY_PLACES),
  };
}

/** Exact if the tick of an inverse contract divides its multiplier, as at the exchanges. */
function perTickLot({ kind, tickSize, lotSize, multiplier = '1' }: Instrument, settlePlaces: number): Units {
  const [tick, lot] = [fineUnits(tickSize), fineUnits(lotSize) * fineUnits(multiplier)];
  if (kind === 'inverse')
    return mulDivUnits(lot, 10n ** BigInt(settlePlaces), tick * 10n ** BigInt(STEP_PLACES_MAX));
  return (tick * lot) / 10n ** BigInt(3 * STEP_PLACES_MAX - settlePlaces);
}

function fineUnits(step: string): Units {
  const [whole = '0', fraction = ''] = step.split('.');
  return BigInt(whole + fraction.padEnd(STEP_PLACES_MAX, '0'));
}

function places(step: string): number {
  const point = step.indexOf('.');
  return point === -1 ? 0 : step.slice(point + 1).replace(/0+$/, '').length;
}
