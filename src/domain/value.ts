/**
 * What each kind of instrument costs and is worth, one row per kind. Cost is signed so that a result is
 * always proceeds minus cost. An inverse contract is worth less of its coin the higher the price, so the cost
 * of a long one is negative.
 */
import { placesIn } from './figure-text.js';
import type { Conversion, Instrument, InstrumentKind } from './instrument.js';
import { formatMoney, MONEY_PLACES, mulDivUnits, type Units, worth, worthUnits } from './money.js';

export interface ValueRule {
  /** `value`: a purchase is paid for and owned. `result`: only results and fees move money. */
  readonly pays: 'value' | 'result';
  /** The currency of its results. */
  readonly settles: 'quote' | 'base';
  /** A broker converts its results to the currency of the account. Left out: they are paid in their own. */
  readonly converts?: true;
  /** Exact, in units of that currency's books. */
  cost(perTickLot: Units, lots: number, priceTicks: number): Units;
  /**
   * Worth at a price, in money units of that currency, signed like the cost. 0 if the price is 0 (not known).
   */
  worth(lots: number, priceTicks: number, moneyPerTickLot: number): number;
  /** The same, not rounded. */
  exactWorth(lots: number, priceTicks: number, moneyPerTickLot: number): number;
  /** The price, in ticks and not rounded, at which this many lots have this cost. */
  averageTicks(cost: number, lots: number, perTickLot: number): number;
  /** What a fill adds to the sum from which the average price of several fills is computed. */
  averaged(lots: number, priceTicks: number): bigint;
  /** Average price, in ticks and not rounded, of this many lots with this sum. */
  meanTicks(sum: bigint, lots: number): number;
  /**
   * The whole tick nearest to that average at which lots bought (`isLong`) or sold at the average lose
   * nothing.
   */
  evenTicks(sum: bigint, lots: number, isLong: boolean): number;
  /** Of two prices, the one at which a lot is worth more money. */
  dearer(oneTicks: number, otherTicks: number): number;
  /**
   * What one lot gains or loses when the price moves by this many ticks, in money units, not rounded, never
   * negative.
   */
  moved(fromTicks: number, byTicks: number, moneyPerTickLot: number): number;
  /** Value at `nowTicks` of an amount invested at `boughtTicks`, in full and without borrowing. */
  grown(amount: number, boughtTicks: number, nowTicks: number): number;
}

/** Rounded up; both above zero. */
const upTo = (sum: bigint, by: bigint): bigint => (sum + by - 1n) / by;

const tickLots = (lots: number, priceTicks: number): bigint => worthUnits(lots, priceTicks, 1);

const byPrice = {
  settles: 'quote',
  cost: (perTickLot: Units, lots: number, priceTicks: number): Units =>
    tickLots(lots, priceTicks) * perTickLot,
  worth,
  exactWorth: (lots: number, priceTicks: number, moneyPerTickLot: number): number =>
    lots * priceTicks * moneyPerTickLot,
  averageTicks: (cost: number, lots: number, perTickLot: number): number => cost / (lots * perTickLot),
  averaged: tickLots,
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

/** Parts of a lot's worth per tick: enough that rounding a fill never shifts a tick. */
const PARTS = 10n ** 30n;
/** Of a tick. */
const MEAN_PLACES = 1e9;

/** Rounded once per fill, four places finer than the coin's money units. */
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

/** The currency in which its results reach the account: the desk's, if they are converted. */
export function settleOf({ kind, base, quote, conversion }: Settling): string {
  return conversion?.to ?? (isInCoin({ kind }) ? base : quote);
}

/** It pays in the coin itself, and is worth less of the coin the higher the price. */
export function isInCoin({ kind }: Pick<Instrument, 'kind'>): boolean {
  return VALUE[kind].settles === 'base';
}

/** Whether a position is an asset of the account, not just a contract on one. */
export function isOwned({ kind }: Pick<Instrument, 'kind'>): boolean {
  return VALUE[kind].pays === 'value';
}

type Priced = Pick<Instrument, 'kind' | 'moneyPerTickLot'>;

/**
 * Notional value of this many lots at a price, in money units of the currency they settle in, signed like the
 * lots. Limits, fees, margins and smallest orders are computed from it.
 */
export function notional({ kind, moneyPerTickLot }: Priced, lots: number, priceTicks: number): number {
  return alike(lots, VALUE[kind].worth(lots, priceTicks, moneyPerTickLot));
}

/** The same, not rounded. */
export function exactNotional({ kind, moneyPerTickLot }: Priced, lots: number, priceTicks: number): number {
  return alike(lots, VALUE[kind].exactWorth(lots, priceTicks, moneyPerTickLot));
}

/** A value with the sign of the lots instead of that of its cost. */
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

/** Whether it can be opened for less than its whole worth. */
export function hasMargin({ lotMargin, worthMargin }: OnMargin): boolean {
  return lotMargin !== undefined || worthMargin !== undefined;
}

/** Free money needed to open lots of this value: without a margin, all of the value. */
export function initialMargin({ lotMargin, worthMargin }: OnMargin, lots: number, value: number): number {
  if (lotMargin !== undefined) return lotMargin.initial * Math.abs(lots);
  return worthMargin === undefined ? Math.abs(value) : partOf(Math.abs(value), worthMargin.initialPpm);
}

/** Equity needed while lots of this value are held. 0 without a margin: nothing was lent. */
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

/**
 * What a quantity counts: coins, shares, lots of a currency pair, or contracts that are worth a sum in
 * another currency.
 */
export function unitOf({ kind, base }: Pick<Instrument, 'kind' | 'base'>): string {
  if (kind === 'fx') return 'lots';
  return isInCoin({ kind }) ? 'contracts' : base;
}

/** Decimal places of amounts in words: hundredths say little about a coin. */
export function shownPlaces(instrument: Settling): number {
  return isInCoin(instrument) ? MONEY_PLACES : placesIn(settleOf(instrument));
}

/** An amount in the currency that the instrument settles in, in words: `12.50 USD`. NaN: not known. */
export function moneyText(instrument: Settling, amount: number): string {
  const shown = Number.isFinite(amount) ? amountText(instrument, amount) : 'an unknown amount of';
  return `${shown} ${settleOf(instrument)}`;
}

/** The same without the currency. */
export function amountText(instrument: Settling, amount: number): string {
  return formatMoney(Math.round(amount), shownPlaces(instrument));
}

/*
 * Results of an instrument quoted in a currency other than the desk's. Costs and prices stay in the quote
 * currency; each realised result is converted to the desk's, once, at the rate of that moment.
 */

/** Worth of one unit of the quote currency in the desk's, at the mid of the converting instrument's quote. */
export function rateAt({ tickSize, isInverse }: Conversion, bidTicks: number, askTicks: number): number {
  const price = ((bidTicks + askTicks) / 2) * Number(tickSize);
  return isInverse ? 1 / price : price;
}

const RATE_UNITS = 1e18;

/** Rounded half away from zero. No rate: the amount is already in the desk's currency. */
export function convertedUnits(units: Units, rate: number | undefined): Units {
  if (rate === undefined) return units;
  return mulDivUnits(units, BigInt(Math.round(rate * RATE_UNITS)), BigInt(RATE_UNITS));
}

/** A usable rate has at least one unit of 1e-18, and no conversion by it reaches infinity. */
export function isRate(rate: number): boolean {
  return rate >= 1 / RATE_UNITS && rate <= RATE_UNITS;
}

/**
 * The instrument with its amounts in the desk's currency at this rate, so its worth is computed like any
 * other's. NaN if the rate is not known, so every sum with it is refused.
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
