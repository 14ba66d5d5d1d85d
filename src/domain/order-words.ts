/** The price of an order in words, to follow what is bought or sold. */
import { isBounded, type OrderIntent, shownTicks } from './order.js';

/**
 * ` at 100.00`, ` at the market, 101.00 at worst` or `, triggers at 100.00, 101.00 at worst`. Empty for a plain
 * market order.
 */
export function priceWords(
  order: Pick<OrderIntent, 'type' | 'limitTicks' | 'stopTicks'>,
  format: (ticks: number) => string,
): string {
  const ticks = shownTicks(order);
  if (ticks === null) return '';
  if (!isBounded(order)) return ` at ${format(ticks)}`;
  const worst = `${format(order.limitTicks ?? ticks)} at worst`;
  return order.type === 'stop' ? `, triggers at ${format(ticks)}, ${worst}` : ` at the market, ${worst}`;
}
