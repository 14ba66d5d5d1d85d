/** Coins in the books: what a fee takes from a purchase, and an exact comparison of an account's books. */
import { type BookSteps, placesOf, type Scales } from '../../domain/book-steps.js';
import { parseUnits, type Units } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';

/** The finest scale of any venue. */
const PLACES = 12;

/**
 * The difference in words. Null: none. `ours` counts from the first trade on; `atFirst` is the account's
 * amount of each coin before it. Amounts are decimal text.
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

/** Coins kept by the venue as the fee of a purchase, in units of the coin's books. 0: paid otherwise. */
export function keptCoins(
  { base }: BookSteps,
  scales: Scales,
  { feeIn, side }: Pick<Fill, 'feeIn' | 'side'>,
): Units {
  if (feeIn?.asset !== base || side !== 'buy') return 0n;
  return parseUnits(feeIn.amount, placesOf(scales, base));
}
