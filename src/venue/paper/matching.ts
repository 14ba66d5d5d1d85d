/**
 * When and at what price a paper order is executed. Pure.
 *
 * - market: at the far side of the quote plus slippage, as taker; with a worst price, as a limit order that
 *   takes what is available at once;
 * - stop: triggers when the price at which it would execute reaches it (sell: bid at or below; buy: ask at or
 *   above), then acts as market: after a gap it gets the worse price. With a worst price it becomes a limit
 *   order at that price when it triggers, and beyond it is not filled until the market is back;
 * - limit: when the other side's quote reaches the limit (touch), at the limit, as maker; if the quote is
 *   there when the order arrives, at the quote plus slippage but never beyond the limit, as taker. A trade
 *   must go through the limit: at the limit itself others may have been first. With `through` the other
 *   side's quote must go beyond the limit as well.
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

/** `resting`: the order was there before this quote. Null if it is not executed. */
export function executeAtQuote(
  order: PaperOrder,
  quote: QuotePrices,
  resting: boolean,
  slippageTicks: number,
  limitFill: LimitFill = 'touch',
): Execution | null {
  const buy = order.side === 'buy';
  const taken = takerPrice(buy, quote, slippageTicks);
  const waited = waitsForTrigger(order);
  if (waited && !goesOff(order, quote)) return null;
  const limit = order.limitTicks;
  if (limit === null) return { priceTicks: taken, liquidity: 'taker' };
  if (buy ? quote.askTicks > limit : quote.bidTicks < limit) return null;
  const isTouched = (buy ? quote.askTicks : quote.bidTicks) === limit;
  // A stop that triggers now takes what is available, like an arriving order.
  const rested = resting && !waited;
  if (rested && isTouched && limitFill === 'through') return null;
  if (rested) return { priceTicks: limit, liquidity: 'maker' };
  return { priceTicks: buy ? Math.min(limit, taken) : Math.max(limit, taken), liquidity: 'taker' };
}

function waitsForTrigger({ type, triggered }: PaperOrder): boolean {
  return type === 'stop' && triggered !== true;
}

/**
 * The price at which a quote, on its way through every price, first fills or triggers the order: an ask for one that
 * buys, a bid for one that sells. Null: it rests at no price.
 */
export function awaitedTicks(order: PaperOrder, limitFill: LimitFill = 'touch'): number | null {
  if (waitsForTrigger(order)) return order.stopTicks as number;
  if (order.limitTicks === null || order.timeInForce !== 'GTC') return null;
  const beyond = limitFill === 'through' ? 1 : 0;
  return order.side === 'buy' ? order.limitTicks - beyond : order.limitTicks + beyond;
}

/** Whether this quote reaches the trigger of a waiting stop. */
export function goesOff(order: PaperOrder, quote: QuotePrices): boolean {
  return waitsForTrigger(order) && isTriggered(order.side === 'buy', order.stopTicks as number, quote);
}

/** Whether the price at which it would execute has reached the stop. */
export function isTriggered(buy: boolean, stopTicks: number, quote: QuotePrices): boolean {
  return buy ? quote.askTicks >= stopTicks : quote.bidTicks <= stopTicks;
}

/**
 * A trade between others executes only a resting limit order or a triggered stop, and only if the trade goes
 * beyond the limit.
 */
export function executeAtTrade(order: PaperOrder, priceTicks: number): Execution | null {
  const limit = order.limitTicks;
  if (limit === null || order.type === 'market' || waitsForTrigger(order)) return null;
  const through = order.side === 'buy' ? priceTicks < limit : priceTicks > limit;
  return through ? { priceTicks: limit, liquidity: 'maker' } : null;
}

/** The price, in ticks, for an order that takes liquidity; at least one tick. */
export function takerPrice(buy: boolean, quote: QuotePrices, slippageTicks: number): number {
  return buy ? quote.askTicks + slippageTicks : Math.max(1, quote.bidTicks - slippageTicks);
}
