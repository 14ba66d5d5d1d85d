/**
 * What a company does to its shares. A split turns each share into more or fewer, and the price changes in
 * proportion; a dividend pays cash per share. The arithmetic is only here, so engine, paper venue, ledger and
 * backtest agree to the unit.
 */
import type { BookSteps } from './book-steps.js';
import { mulDiv, mulDivUnits, parseUnits, type Units } from './money.js';

/** 4 and 1: one share becomes four. 1 and 10: ten shares become one. In lowest terms, never 1:1. */
export interface SplitRatio {
  readonly numerator: number;
  readonly denominator: number;
}

/** `perShare`: decimal text, in the instrument's quote currency. */
export type CorporateAction =
  | ({ readonly kind: 'split'; readonly symbol: string } & SplitRatio)
  | { readonly kind: 'dividend'; readonly symbol: string; readonly perShare: string };

/** A corporate action as passed to the venue. */
export interface HandedAction {
  /** The venue applies each id once. */
  readonly actionId: string;
  readonly action: CorporateAction;
  /** The price after the split at which fractions of a lot are paid out. 0: not a split. */
  readonly priceTicks: number;
}

/** No split has had a larger number on either side: a larger one is a mistake. */
export const SPLIT_PART_MAX = 1_000;

/** `4:1` or `1:10`: new shares for old ones. Null: the text is not a split. */
export function parseSplit(text: string): SplitRatio | null {
  const [, numerator, denominator] = /^(\d{1,4}):(\d{1,4})$/.exec(text) ?? [];
  return splitRatio(Number(numerator), Number(denominator));
}

/** In lowest terms. Null: not a split. */
export function splitRatio(numerator: number, denominator: number): SplitRatio | null {
  const isPart = (part: number): boolean => Number.isSafeInteger(part) && part > 0 && part <= SPLIT_PART_MAX;
  if (!isPart(numerator) || !isPart(denominator) || numerator === denominator) return null;
  const by = commonDivisor(numerator, denominator);
  return { numerator: numerator / by, denominator: denominator / by };
}

const commonDivisor = (one: number, other: number): number =>
  other === 0 ? one : commonDivisor(other, one % other);

export const splitText = ({ numerator, denominator }: SplitRatio): string => `${numerator}:${denominator}`;

/** Shares after a split: whole lots, and the fraction left over. */
interface SplitShares {
  readonly lots: bigint;
  /** Signed, in parts; `perLot × denominator` parts make one lot. */
  readonly over: Units;
}

/** `coins`: units of the share's books, signed, including fractions of a lot. */
export function splitShares(
  coins: Units,
  { numerator, denominator }: SplitRatio,
  { perLot }: Pick<BookSteps, 'perLot'>,
): SplitShares {
  const all = coins * BigInt(numerator);
  const lot = perLot * BigInt(denominator);
  return { lots: all / lot, over: all % lot };
}

type Priced = Pick<BookSteps, 'perLot' | 'perTickLot'>;

/** Cash paid for `over` at a price after the split, in units of the quote currency's books. */
export function inLieuUnits(over: Units, ratio: SplitRatio, priceTicks: number, steps: Priced): Units {
  return mulDivUnits(over * BigInt(priceTicks), steps.perTickLot, steps.perLot * BigInt(ratio.denominator));
}

/** The same in whole money units: what the venue pays. */
export function inLieuMoney(
  over: Units,
  ratio: SplitRatio,
  priceTicks: number,
  steps: Priced & Pick<BookSteps, 'perMoney'>,
): Units {
  const lot = steps.perLot * BigInt(ratio.denominator) * steps.perMoney;
  return mulDivUnits(over * BigInt(priceTicks), steps.perTickLot, lot);
}

/** The dividend on these shares, in whole money units, signed like the shares: a short position pays it. */
export function dividendMoney(coins: Units, perShare: string, basePlaces: number): Units {
  return mulDivUnits(coins, parseUnits(perShare), 10n ** BigInt(basePlaces));
}

/** A price after the split, to the nearest tick, at least one. */
export function splitPrice(ticks: number, { numerator, denominator }: SplitRatio): number {
  return Math.max(1, mulDiv(ticks, denominator, numerator));
}

/** A count of lots after the split, to the nearest one. */
export function splitCount(lots: number, { numerator, denominator }: SplitRatio): number {
  return mulDiv(lots, numerator, denominator);
}

/**
 * The split that explains why the venue has `theirs` where we have `ours`, both in whole lots. A fraction may have been
 * paid out. Null: no usual split explains it.
 */
export function splitBetween(ours: number, theirs: number): SplitRatio | null {
  if (ours === 0 || theirs === 0 || ours === theirs || Math.sign(ours) !== Math.sign(theirs)) return null;
  const becomes = ({ numerator, denominator }: SplitRatio): number =>
    Math.trunc((ours * numerator) / denominator);
  return USUAL_SPLITS.find((ratio) => becomes(ratio) === theirs) ?? null;
}

const wholeNumbers = Array.from({ length: 49 }, (_, index) => index + 2);
/** Likeliest first: several may fit a small holding. */
const USUAL_SPLITS: readonly SplitRatio[] = [
  ...wholeNumbers.map((numerator) => ({ numerator, denominator: 1 })),
  ...wholeNumbers.map((denominator) => ({ numerator: 1, denominator })),
  ...(
    [
      [3, 2],
      [4, 3],
      [5, 4],
      [5, 2],
      [5, 3],
      [6, 5],
      [11, 10],
      [21, 20],
    ] as const
  ).map(([numerator, denominator]) => ({ numerator, denominator })),
];
