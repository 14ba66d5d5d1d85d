/** Groups closed trades by what they have in common. */
import { formatUnits, parseUnits, type Units } from '../../domain/money.js';
import { type TradeFigures, type TradeResult, tradeFigures } from './figures.js';

/** More places than any books have. */
const PLACES = 24;
const PLACES_SHOWN = 8;

export interface GroupedTrade extends TradeResult {
  /** Decimal text with every place of the books. */
  readonly resultText: string;
  readonly feesText: string;
}

export interface Group extends TradeFigures {
  readonly key: string;
  /** Decimal text: an exact sum, cut to eight places. */
  readonly result: string;
  readonly fees: string;
}

/** In the order of their keys. */
export function groupsOf<T extends GroupedTrade>(trades: readonly T[], keyOf: (trade: T) => string): Group[] {
  const groups = new Map<string, T[]>();
  for (const trade of trades) {
    const key = keyOf(trade);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [trade]);
    else known.push(trade);
  }
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, members]) => ({
      key,
      result: sumOf(members.map(({ resultText }) => resultText)),
      fees: sumOf(members.map(({ feesText }) => feesText)),
      ...tradeFigures(members),
    }));
}

/** Exact sum of decimal texts, cut to eight places. */
export function sumOf(texts: readonly string[]): string {
  const sum = texts.reduce((total, text) => total + parseUnits(text, PLACES), 0n as Units);
  return formatUnits(sum / 10n ** BigInt(PLACES - PLACES_SHOWN), PLACES_SHOWN);
}
