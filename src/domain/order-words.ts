/** The price of an order in words, to follow what is bought or sold. */
import { isBounded, type OrderIntent, shownTicks } from './order.js';

type Words = Pick<OrderIntent, 'type' | 'limitTicks' | 'stopTicks'> &
  Partial<Pick<OrderIntent, 'timeInForce' | 'postOnly'>>;

/**
 * ` at 100.00`, ` at 100.00, post-only`, ` at the market, 101.00 at worst` or `, triggers at 100.00, 101.00 at worst`.
 * Empty for a plain market order.
 */
export function priceWords(order: Words, format: (ticks: number) => string): string {
  const ticks = shownTicks(order);
  if (ticks === null) return '';
  if (!isBounded(order)) return ` at ${format(ticks)}${termsWords(order)}`;
  const worst = `${format(order.limitTicks ?? ticks)} at worst`;
  return order.type === 'stop' ? `, triggers at ${format(ticks)}, ${worst}` : ` at the market, ${worst}`;
}

/** Empty for an order that rests and may also be filled at once. */
function termsWords({ postOnly, timeInForce }: Words): string {
  if (postOnly === true) return ', post-only';
  if (timeInForce === 'FOK') return ', all of it at once or nothing';
  return timeInForce === 'IOC' ? ', at once or not at all' : '';
}
