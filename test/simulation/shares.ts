/**
 * Whose lots a fill is of, where strategies trade side by side on an account that nets: worked out a second time. No trade
 * gives for another. What an order brings beyond its own trade is nobody's, and so is what no order explains.
 */
import type { OrderIntent } from '../../src/domain/order.js';

export const NOBODY = 'fermata';

/** Signed lots of one instrument by owner, oldest first. */
export type OwnLots = Map<string, number>;

export function sharesOf(
  held: OwnLots,
  signedLots: number,
  order: OrderIntent | undefined,
): readonly (readonly [owner: string, signedLots: number])[] {
  if (order === undefined || order.purpose === 'entry') return [[order?.strategy ?? NOBODY, signedLots]];
  const owners = order.purpose === 'close' ? new Set([NOBODY, ...held.keys()]) : [order.strategy];
  const shares = new Map<string, number>();
  let left = signedLots;
  for (const owner of owners) {
    const lots = held.get(owner) ?? 0;
    if (lots === 0 || left === 0 || lots > 0 === left > 0) continue;
    const by = Math.sign(left) * Math.min(Math.abs(left), Math.abs(lots));
    shares.set(owner, by);
    left -= by;
  }
  if (left === 0) return [...shares];
  const nobodys = (shares.get(NOBODY) ?? 0) + left;
  shares.delete(NOBODY);
  return [...shares, [NOBODY, nobodys]];
}

/** Who had a trade and has it no more, or has one on the other side. */
export function addLots(held: OwnLots, owner: string, signedLots: number): 'closed' | 'open' {
  const before = held.get(owner) ?? 0;
  const after = before + signedLots;
  const isOver = before !== 0 && (after === 0 || after > 0 !== before > 0);
  // Another trade begins, which is the newest.
  if (isOver) held.delete(owner);
  if (after !== 0) held.set(owner, after);
  return isOver ? 'closed' : 'open';
}
