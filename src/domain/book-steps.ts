/**
 * The steps of exact bookkeeping. Each currency counts in its own scale, fine enough for every tick times lot and every
 * amount that a venue states; amounts in it have no largest value.
 */
import type { Instrument, InstrumentKind } from './instrument.js';
import { MONEY_PLACES, mulDivUnits, type Units } from './money.js';
import { settleOf } from './value.js';

/** Finest step of a venue, as places after the point. */
const STEP_PLACES_MAX = 12;
/** Four more than money units, for amounts that come of a division. */
const RECIPROCAL_PLACES = MONEY_PLACES + 4;

/** Places after the point, by currency; what is missing has as many as money units. */
export type Scales = ReadonlyMap<string, number>;

/** One instrument in the scales of its two currencies. */
export interface BookSteps {
  readonly kind: InstrumentKind;
  readonly base: string;
  /** The currency of cost and results: that of the quote, of an inverse contract the coin. */
  readonly quote: string;
  /** Units of it for one tick × one lot; of an inverse contract, for one lot at a price of one tick. */
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

/** Exact where the tick of an inverse contract divides its multiplier, as those of the exchanges do. */
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
