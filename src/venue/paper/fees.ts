/**
 * A fill's fee, and the coin it is taken in. Fees by lot, if the instrument has them, are paid in cash.
 * Otherwise the fee is a part of the fill's value; on spot it is taken from a stock of coins kept for fees,
 * at the venue's discount; if that is not enough, from the coin that was bought (`feesIn: coin`), else from
 * cash. Contracts and shares pay in cash.
 */
import { placesOf, scalesFor, stepsOf } from '../../domain/book-steps.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatUnits, MONEY_PLACES, mulDiv, type Units } from '../../domain/money.js';
import type { Side } from '../../domain/order.js';
import { type Charged, lotFee, NOTHING_CHARGED } from '../../domain/order-fee.js';
import { notional } from '../../domain/value.js';
import type { PaperBook } from './book.js';
import type { PaperFill } from './book-record.js';

const PPM = 1_000_000;
/** The exchange gives a discount of a quarter on fees paid from the stock. */
const STOCK_PPM = 750_000n;

export interface FeeRules {
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** As in the desk file; absent: `quote`. */
  readonly feesIn?: 'coin' | 'quote' | undefined;
}

interface FeeBasis {
  /** What the order was charged for so far. */
  readonly charged?: Charged | undefined;
  readonly side: Side;
  readonly lots: number;
  readonly priceTicks: number;
  readonly liquidity: 'maker' | 'taker';
}

export type PaperFee = Pick<PaperFill, 'fee' | 'feeIn'>;

/** The most cash that this many more lots of an order need for their fee. */
export function feeAhead(
  rules: FeeRules,
  instrument: Instrument,
  { lots, value, charged = NOTHING_CHARGED }: Omit<Charged, 'fee'> & Pick<FeeBasis, 'charged'>,
): number {
  if (instrument.lotFees !== undefined) return lotFee(instrument.lotFees, charged, lots, value);
  return mulDiv(value, cashFeePpm(rules, instrument, 'taker'), PPM);
}

/** How many lots cash pays for, fees included; with fees by lot, no more than `most`. */
export function affordableLots(
  rules: FeeRules,
  instrument: Instrument,
  { priceTicks, liquidity, charged = NOTHING_CHARGED }: Omit<FeeBasis, 'side' | 'lots'>,
  cash: number,
  most: number,
): number {
  const { lotFees } = instrument;
  if (lotFees === undefined) {
    const ppm = cashFeePpm(rules, instrument, liquidity);
    const lotCost = priceTicks * instrument.moneyPerTickLot * (1 + ppm / PPM);
    return Math.max(0, Math.floor(cash / lotCost));
  }
  const costOf = (lots: number): number => {
    const value = notional(instrument, lots, priceTicks);
    return value + lotFee(lotFees, charged, lots, value);
  };
  let [enough, tooMany] = [0, most + 1];
  while (tooMany - enough > 1) {
    const lots = Math.floor((enough + tooMany) / 2);
    if (costOf(lots) <= cash) enough = lots;
    else tooMany = lots;
  }
  return enough;
}

/** The fee rate, in parts per million, for which a purchase needs cash. */
function cashFeePpm(rules: FeeRules, instrument: Instrument, liquidity: 'maker' | 'taker'): number {
  return rules.feesIn === 'coin' && instrument.kind === 'spot' ? 0 : feePpm(rules, instrument, liquidity);
}

/** Rates that have tiers are the instrument's own, as of the tier in force. */
function feePpm(rules: FeeRules, instrument: Instrument, liquidity: 'maker' | 'taker'): number {
  const { makerFeePpm, takerFeePpm } = instrument.feeTiers === undefined ? rules : instrument;
  return liquidity === 'maker' ? makerFeePpm : takerFeePpm;
}

export function feeOf(
  rules: FeeRules,
  instrument: Instrument,
  basis: FeeBasis,
  book: PaperBook,
  bidTicks: (symbol: string) => number | null,
): PaperFee {
  const value = notional(instrument, basis.lots, basis.priceTicks);
  if (instrument.lotFees !== undefined)
    return { fee: lotFee(instrument.lotFees, basis.charged ?? NOTHING_CHARGED, basis.lots, value) };
  const ppm = feePpm(rules, instrument, basis.liquidity);
  const inCash = { fee: mulDiv(value, ppm, PPM) };
  if (instrument.kind !== 'spot' || inCash.fee === 0) return inCash;
  const fromStock = stockFee(inCash.fee, book, bidTicks);
  if (fromStock !== null) return fromStock;
  return rules.feesIn === 'coin' && basis.side === 'buy'
    ? coinFee(instrument, basis.lots, ppm, inCash)
    : inCash;
}

/** The exact fee, taken from the coins bought; the venue states no more than eight places. */
function coinFee(instrument: Instrument, lots: number, ppm: number, { fee }: PaperFee): PaperFee {
  const scales = scalesFor([instrument], new Map());
  const bought = BigInt(lots) * stepsOf(instrument, scales).perLot;
  const finer = 10n ** BigInt(placesOf(scales, instrument.base) - MONEY_PLACES);
  const kept = (bought * BigInt(ppm)) / BigInt(PPM) / finer;
  return kept === 0n ? { fee: 0 } : { fee, feeIn: { asset: instrument.base, amount: formatUnits(kept) } };
}

/** Null if no stock has enough, or its price is unknown. The desk itself calculates what the fee is worth. */
function stockFee(
  fee: number,
  book: PaperBook,
  bidTicks: (symbol: string) => number | null,
): PaperFee | null {
  for (const [asset, left] of book.stock) {
    const priced = book.instruments.get(`${asset}/${book.currency}`);
    const bid = priced === undefined ? null : bidTicks(priced.symbol);
    if (priced === undefined || bid === null) continue;
    const amount = amountFor(fee, priced, bid);
    if (amount > 0n && amount <= left) return { fee: 0, feeIn: { asset, amount: formatUnits(amount) } };
  }
  return null;
}

/** The fee in units of 1e-8 of the stock. */
function amountFor(fee: number, priced: Instrument, bidTicks: number): Units {
  const { perLot, perTickLot, perMoney } = stepsOf(priced, scalesFor([priced], new Map()));
  const finer = 10n ** BigInt(placesOf(scalesFor([priced], new Map()), priced.base) - MONEY_PLACES);
  const discounted = (BigInt(fee) * perMoney * STOCK_PPM) / BigInt(PPM);
  return (discounted * perLot) / (BigInt(bidTicks) * perTickLot) / finer;
}
