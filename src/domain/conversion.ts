/**
 * Results of an instrument that is quoted in another currency than the desk's. Costs and prices stay in the quote
 * currency; what is realised becomes money of the desk, once, at the rate of that moment.
 */
import type { Conversion, Instrument } from './instrument.js';
import { formatUnits, mulDivUnits, parseUnits, type Units } from './money.js';
import { VALUE } from './value.js';

/** What one unit of the quote currency is worth in the desk's, at the middle of a quote of the instrument that converts. */
export function rateAt({ tickSize, isInverse }: Conversion, bidTicks: number, askTicks: number): number {
  const price = ((bidTicks + askTicks) / 2) * Number(tickSize);
  return isInverse ? 1 / price : price;
}

const RATE_UNITS = 1e18;

/** Rounded half away from zero. No rate: the amount is in the desk's currency already. */
export function convertedUnits(units: Units, rate: number | undefined): Units {
  if (rate === undefined) return units;
  return mulDivUnits(units, BigInt(Math.round(rate * RATE_UNITS)), BigInt(RATE_UNITS));
}

/** So that at least one unit of 1e-18 is left of it, and no conversion comes to infinity. */
export function isRate(rate: number): boolean {
  return rate >= 1 / RATE_UNITS && rate <= RATE_UNITS;
}

/**
 * The instrument with its amounts in the desk's currency at this rate: what it is worth is then computed as for any
 * other. NaN where the rate is not known, so that every sum with it refuses.
 */
export function valuedAt(instrument: Instrument, rate: number): Instrument {
  const { conversion, lotFees, lotMargin, minNotional, moneyPerTickLot } = instrument;
  if (conversion === undefined) return instrument;
  return {
    ...instrument,
    moneyPerTickLot: moneyPerTickLot * rate,
    minNotional: minNotional * rate,
    ...(lotFees === undefined
      ? {}
      : { lotFees: { ...lotFees, perLot: lotFees.perLot * rate, minimum: lotFees.minimum * rate } }),
    ...(lotMargin === undefined
      ? {}
      : {
          lotMargin: {
            initial: lotMargin.initial * rate,
            maintenance: lotMargin.maintenance * rate,
          },
        }),
  };
}

/** `JPY/USD` or `USD/JPY`, where the desk is in USD and this in JPY. */
export function converters(quote: string, currency: string): readonly [direct: string, inverse: string] {
  return [`${quote}/${currency}`, `${currency}/${quote}`];
}

/** Adds how each is converted to the desk's currency. One that nothing converts stays as it is. */
export function withConversions(instruments: readonly Instrument[], currency: string): readonly Instrument[] {
  return instruments.map((instrument) => {
    const { kind, quote } = instrument;
    if (VALUE[kind].converts !== true || quote === currency) return instrument;
    const [direct, inverse] = converters(quote, currency);
    const by =
      instruments.find(({ symbol }) => symbol === direct) ??
      instruments.find(({ symbol }) => symbol === inverse);
    if (by === undefined) return instrument;
    const conversion = { to: currency, by: by.id, tickSize: by.tickSize, isInverse: by.symbol === inverse };
    return { ...instrument, conversion };
  });
}

const PIP_PLACES = 12;

/** What a pip of one lot is worth, in words. Null: the instrument has no pips. */
export function pipText(
  {
    symbol,
    pip,
    multiplier = '1',
  }: { readonly symbol: string; readonly pip?: string | undefined; readonly multiplier?: string | undefined },
  currency: string,
): string | null {
  if (pip === undefined) return null;
  const [base = '', quote = ''] = symbol.split('/');
  const product = parseUnits(pip, PIP_PLACES) * parseUnits(multiplier, PIP_PLACES);
  const worth = formatUnits(product, 2 * PIP_PLACES).replace(/\.?0+$/, '');
  const converted = quote === currency ? '' : `, converted to ${currency} at the price of the moment`;
  return `${symbol}: a lot is ${multiplier} ${base}, and a pip of ${pip} of it is worth ${worth} ${quote}${converted}`;
}
