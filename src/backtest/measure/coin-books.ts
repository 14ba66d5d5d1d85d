/** Coins in the books: what a fee keeps of them, and two books of one account compared to the last place. */
import { type BookSteps, placesOf, type Scales } from '../../domain/book-steps.js';
import { parseUnits, type Units } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';

/** The finest that any venue states. */
const PLACES = 12;

/**
 * What differs, in words; null: nothing. `ours` counts from the first trade on, and `atFirst` is what the account had of
 * each coin besides; decimal text.
 */
export function coinsDiffer(
  ours: readonly { readonly asset: string; readonly amount: string }[],
  venues: ReadonlyMap<string, string>,
  atFirst: Readonly<Record<string, string>>,
  cash: string,
): string | null {
  const counted = new Map<string, Units>();
  const add = (asset: string, amount: string) =>
    counted.set(asset, (counted.get(asset) ?? 0n) + parseUnits(amount, PLACES));
  for (const { asset, amount } of ours) add(asset, amount);
  for (const [asset, amount] of Object.entries(atFirst)) add(asset, amount);
  for (const asset of new Set([...counted.keys(), ...venues.keys()])) {
    if (asset === cash) continue;
    const theirs = parseUnits(venues.get(asset) ?? '0', PLACES);
    if ((counted.get(asset) ?? 0n) !== theirs)
      return `${asset}: we count ${counted.get(asset) ?? 0n}, the venue has ${theirs} (units of 0.000000000001)`;
  }
  return null;
}

/** What the venue kept of the coins that a purchase brought: units of the coin in the scale of its books; 0 where the fee was paid otherwise. */
export function keptCoins(
  { base }: BookSteps,
  scales: Scales,
  { feeIn, side }: Pick<Fill, 'feeIn' | 'side'>,
): Units {
  if (feeIn?.asset !== base || side !== 'buy') return 0n;
  return parseUnits(feeIn.amount, placesOf(scales, base));
}
