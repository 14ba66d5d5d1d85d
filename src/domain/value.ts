/**
 * What each kind of instrument costs and is worth, one row for each. Cost is signed so that a result is always
 * proceeds minus cost. An inverse contract is worth less of its coin the higher the price, so the cost of a long one
 * is negative.
 */
import type { Conversion, Instrument, InstrumentKind } from './instrument.js';
import { formatMoney, MONEY_PLACES, mulDivUnits, type Units, worth } from './money.js';

export interface ValueRule {
  /** `value`: a purchase pays for what it buys and owns it. `result`: only results and fees move money. */
  readonly pays: 'value' | 'result';
  /** The currency of its results. */
  readonly settles: 'quote' | 'base';
  /** A broker converts its results to the currency of the account. Left out: they are paid in their own. */
  readonly converts?: true;
  /** Exact, in units of that currency's books. */
  cost(perTickLot: Units, lots: number, priceTicks: number): Units;
  /** Worth at a price, in money units of that currency, signed like the cost. 0 where the price is 0: not known. */
  worth(lots: number, priceTicks: number, moneyPerTickLot: number): number;
  /** The same, not rounded. */
  exactWorth(lots: number, priceTicks: number, moneyPerTickLot: number): number;
  /** The price, in ticks and not rounded, at which so many lots have this cost. */
  averageTicks(cost: number, lots: number, perTickLot: number): number;
  /** What a fill adds to the sum that the average price of several fills is computed from. */
  averaged(lots: number, priceTicks: number): bigint;
  /** Average price, in ticks and not rounded, of so many lots with this sum. */
  meanTicks(sum: bigint, lots: number): number;
  /** The whole tick nearest to that average at which lots bought (`isLong`) or sold at it lose nothing. */
  evenTicks(sum: bigint, lots: number, isLong: boolean): number;
  /** The one of two prices at which a lot is worth more money. */
  dearer(oneTicks: number, otherTicks: number): number;
  /** What one lot gains or loses as the price moves by so many ticks, in money units, not rounded, never negative. */
  moved(fromTicks: number, byTicks: number, moneyPerTickLot: number): number;
  /** What an amount has become at `nowTicks` that was invested at `boughtTicks`, all of it and without borrowing. */
  grown(amount: number, boughtTicks: number, nowTicks: number): number;
}

/** Rounded up; both above zero. */
const upTo = (sum: bigint, by: bigint): bigint => (sum + by - 1n) / by;

const byPrice = {
  settles: 'quote',
  cost: (perTickLot: Units, lots: number, priceTicks: number): Units =>
    BigInt(lots) * BigInt(priceTicks) * perTickLot,
  worth,
  exactWorth: (lots: number, priceTicks: number, moneyPerTickLot: number): number =>
    lots * priceTicks * moneyPerTickLot,
  averageTicks: (cost: number, lots: number, perTickLot: number): number => cost / (lots * perTickLot),
  averaged: (lots: number, priceTicks: number): bigint => BigInt(lots) * BigInt(priceTicks),
  meanTicks: (sum: bigint, lots: number): number => Number(sum) / lots,
  evenTicks: (sum: bigint, lots: number, isLong: boolean): number =>
    Number(isLong ? upTo(sum, BigInt(lots)) : sum / BigInt(lots)),
  dearer: Math.max,
  moved: (_fromTicks: number, byTicks: number, moneyPerTickLot: number): number =>
    Math.abs(byTicks) * moneyPerTickLot,
  grown: (amount: number, boughtTicks: number, nowTicks: number): number => (amount * nowTicks) / boughtTicks,
} as const;

const exactReciprocal = (lots: number, priceTicks: number, moneyPerLot: number): number =>
  lots === 0 || priceTicks === 0 ? 0 : -(lots * moneyPerLot) / priceTicks;

/** Parts of a lot's worth per tick: so many that the rounding of a fill reaches no tick. */
const PARTS = 10n ** 30n;
/** Of a tick. */
const MEAN_PLACES = 1e9;

/** Rounded once for each fill, four places finer than the coin's money units. */
const byReciprocal = {
  settles: 'base',
  cost: (perLot: Units, lots: number, priceTicks: number): Units =>
    -mulDivUnits(BigInt(lots), perLot, BigInt(priceTicks)),
  worth: (lots: number, priceTicks: number, moneyPerLot: number): number =>
    -Math.round(-exactReciprocal(lots, priceTicks, moneyPerLot)),
  exactWorth: exactReciprocal,
  averageTicks: (cost: number, lots: number, perLot: number): number => -(lots * perLot) / cost,
  averaged: (lots: number, priceTicks: number): bigint =>
    mulDivUnits(BigInt(lots), PARTS, BigInt(priceTicks)),
  meanTicks: (sum: bigint, lots: number): number =>
    Number(mulDivUnits(BigInt(lots) * PARTS, BigInt(MEAN_PLACES), sum)) / MEAN_PLACES,
  // Each lot may have been a fill of its own, rounded by one part at most.
  evenTicks: (sum: bigint, lots: number, isLong: boolean): number => {
    const parts = BigInt(lots) * PARTS;
    return Number(isLong ? upTo(parts, sum + BigInt(lots)) : parts / (sum - BigInt(lots)));
  },
  dearer: Math.min,
  moved: (fromTicks: number, byTicks: number, moneyPerLot: number): number =>
    Math.abs(moneyPerLot / fromTicks - moneyPerLot / (fromTicks + byTicks)),
  grown: (amount: number, boughtTicks: number, nowTicks: number): number =>
    amount * (2 - boughtTicks / nowTicks),
} as const;

export const VALUE: Readonly<Record<InstrumentKind, ValueRule>> = {
  spot: { pays: 'value', ...byPrice },
  stock: { pays: 'value', ...byPrice },
  linear: { pays: 'result', ...byPrice },
  future: { pays: 'result', converts: true, ...byPrice },
  fx: { pays: 'result', converts: true, ...byPrice },
  inverse: { pays: 'result', ...byReciprocal },
};

type Settling = Pick<Instrument, 'kind' | 'base' | 'quote' | 'conversion'>;

/** The currency in which its results come to the account: where they are converted, the desk's. */
export function settleOf({ kind, base, quote, conversion }: Settling): string {
  return conversion?.to ?? (isInCoin({ kind }) ? base : quote);
}

/** Its money is the coin itself, and it is worth less of it the higher the price. */
export function isInCoin({ kind }: Pick<Instrument, 'kind'>): boolean {
  return VALUE[kind].settles === 'base';
}

/** Whether what is held is an asset of the account and not only a contract on one. */
export function isOwned({ kind }: Pick<Instrument, 'kind'>): boolean {
  return VALUE[kind].pays === 'value';
}

type Priced = Pick<Instrument, 'kind' | 'moneyPerTickLot'>;

/**
 * What so many lots stand for at a price, in money units of the currency that they settle in, signed like the lots.
 * Limits, fees, margins and smallest orders are computed from it.
 */
export function notional({ kind, moneyPerTickLot }: Priced, lots: number, priceTicks: number): number {
  return alike(lots, VALUE[kind].worth(lots, priceTicks, moneyPerTickLot));
}

/** The same, not rounded. */
export function exactNotional({ kind, moneyPerTickLot }: Priced, lots: number, priceTicks: number): number {
  return alike(lots, VALUE[kind].exactWorth(lots, priceTicks, moneyPerTickLot));
}

/** A value without the sign of its cost, with that of the lots. */
export function alike(lots: number, value: number): number {
  return lots < 0 ? -Math.abs(value) : Math.abs(value);
}

export function dearerTicks({ kind }: Priced, oneTicks: number, otherTicks: number): number {
  return VALUE[kind].dearer(oneTicks, otherTicks);
}

export function cheaperTicks(instrument: Priced, oneTicks: number, otherTicks: number): number {
  return dearerTicks(instrument, oneTicks, otherTicks) === oneTicks ? otherTicks : oneTicks;
}

type OnMargin = Pick<Instrument, 'lotMargin' | 'worthMargin'>;

/** Whether less than its whole worth is asked for it. */
export function hasMargin({ lotMargin, worthMargin }: OnMargin): boolean {
  return lotMargin !== undefined || worthMargin !== undefined;
}

/** What so many lots, worth so much, take of the free money as they are opened: without a margin all of it. */
export function initialMargin({ lotMargin, worthMargin }: OnMargin, lots: number, value: number): number {
  if (lotMargin !== undefined) return lotMargin.initial * Math.abs(lots);
  return worthMargin === undefined ? Math.abs(value) : partOf(Math.abs(value), worthMargin.initialPpm);
}

/** What equity has to be while so many lots, worth so much, are held. Without a margin 0: nothing was lent. */
export function maintenanceMargin({ lotMargin, worthMargin }: OnMargin, lots: number, value: number): number {
  if (lotMargin !== undefined) return lotMargin.maintenance * Math.abs(lots);
  return worthMargin === undefined ? 0 : partOf(Math.abs(value), worthMargin.maintenancePpm);
}

const PPM = 1_000_000;
const partOf = (value: number, ppm: number): number => (value * ppm) / PPM;

/** What one lot loses between two prices, in money units, not rounded. */
export function lossPerLot({ kind, moneyPerTickLot }: Priced, fromTicks: number, toTicks: number): number {
  return VALUE[kind].moved(fromTicks, toTicks - fromTicks, moneyPerTickLot);
}

/** What a quantity counts: coins, shares, lots of a currency pair, or contracts that are worth a sum in another currency. */
export function unitOf({ kind, base }: Pick<Instrument, 'kind' | 'base'>): string {
  if (kind === 'fx') return 'lots';
  return isInCoin({ kind }) ? 'contracts' : base;
}

/** Decimal places of amounts in words: hundredths say little about a coin. */
export function shownPlaces({ kind }: Pick<Instrument, 'kind'>): number {
  return isInCoin({ kind }) ? MONEY_PLACES : 2;
}

/** An amount in the currency that the instrument settles in, in words: `12.50 USD`. NaN: nobody knows it. */
export function moneyText(instrument: Settling, amount: number): string {
  const shown = Number.isFinite(amount) ? amountText(instrument, amount) : 'an unknown amount of';
  return `${shown} ${settleOf(instrument)}`;
}

/** The same without the currency. */
export function amountText(instrument: Pick<Instrument, 'kind'>, amount: number): string {
  return formatMoney(Math.round(amount), shownPlaces(instrument));
}

/*
 * Results of an instrument that is quoted in another currency than the desk's. Costs and prices stay in the quote
 * currency; what is realised becomes money of the desk, once, at the rate of that moment.
 */

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
