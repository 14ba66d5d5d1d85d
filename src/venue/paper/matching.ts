/**
 * When and at what price a paper order is executed. Pure.
 *
 * - market: at the far side of the quote plus slippage, as taker; with a worst price as a limit order that takes what is
 *   there at once;
 * - stop: triggers when the price at which it would be executed reaches it (sell: bid at or below; buy: ask at or
 *   above), then as market: after a gap it gets the worse price;
 * - limit: when the other side's quote reaches it (touch), at the limit, as maker; if that is so as it arrives, at the
 *   quote plus slippage but never beyond the limit, as taker. A trade must go through the limit: at the limit itself
 *   others may have been first. With `through` the other side's quote has to go beyond it as well.
 */
import type { PaperOrder } from './book-record.js';

export interface Execution {
  readonly priceTicks: number;
  readonly liquidity: 'maker' | 'taker';
}

export const LIMIT_FILLS = ['touch', 'through'] as const;
export type LimitFill = (typeof LIMIT_FILLS)[number];

export interface QuotePrices {
  readonly bidTicks: number;
  readonly askTicks: number;
}

/** `resting`: the order was there before this quote. Null: not executed. */
export function executeAtQuote(
  order: PaperOrder,
  quote: QuotePrices,
  resting: boolean,
  slippageTicks: number,
  limitFill: LimitFill = 'touch',
): Execution | null {
  const buy = order.side === 'buy';
  const taken = takerPrice(buy, quote, slippageTicks);
  if (order.type === 'market' && order.limitTicks === null) return { priceTicks: taken, liquidity: 'taker' };
  if (order.type === 'stop') {
    const stop = order.stopTicks as number;
    return isTriggered(buy, stop, quote) ? { priceTicks: taken, liquidity: 'taker' } : null;
  }
  const limit = order.limitTicks as number;
  if (buy ? quote.askTicks > limit : quote.bidTicks < limit) return null;
  const isTouched = (buy ? quote.askTicks : quote.bidTicks) === limit;
  if (resting && isTouched && limitFill === 'through') return null;
  if (resting) return { priceTicks: limit, liquidity: 'maker' };
  return { priceTicks: buy ? Math.min(limit, taken) : Math.max(limit, taken), liquidity: 'taker' };
}

/** The price at which it would be executed has reached the stop. */
export function isTriggered(buy: boolean, stopTicks: number, quote: QuotePrices): boolean {
  return buy ? quote.askTicks >= stopTicks : quote.bidTicks <= stopTicks;
}

/** Only a resting limit order is executed by a trade of others, and only by one beyond its limit. */
export function executeAtTrade(order: PaperOrder, priceTicks: number): Execution | null {
  if (order.type !== 'limit') return null;
  const limit = order.limitTicks as number;
  const through = order.side === 'buy' ? priceTicks < limit : priceTicks > limit;
  return through ? { priceTicks: limit, liquidity: 'maker' } : null;
}

/** The price of an order that takes what is there; at least one tick. */
export function takerPrice(buy: boolean, quote: QuotePrices, slippageTicks: number): number {
  return buy ? quote.askTicks + slippageTicks : Math.max(1, quote.bidTicks - slippageTicks);
}
