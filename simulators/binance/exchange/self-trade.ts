/** Two orders of one account that would trade with each other: the taker's mode decides what happens. */
import type { Exchange, PreventedMatch } from './exchange.js';
import { type Order, remaining } from './order.js';
import type { Prevention } from './order-json.js';
import { end, unlockSurplus } from './settle.js';

export function preventSelfTrade(exchange: Exchange, taker: Order, maker: Order): void {
  const { ids } = exchange.marketOf(taker);
  ids.preventedMatch += 1;
  const mode = taker.selfTradeMode;
  const least = remaining(taker) < remaining(maker) ? remaining(taker) : remaining(maker);
  const ofTaker = mode === 'DECREMENT' ? least : mode === 'EXPIRE_MAKER' ? null : remaining(taker);
  const ofMaker = mode === 'DECREMENT' ? least : mode === 'EXPIRE_TAKER' ? null : remaining(maker);
  const match: PreventedMatch = {
    id: ids.preventedMatch,
    account: taker.account,
    symbol: taker.symbol.name,
    takerOrderId: taker.orderId,
    makerOrderId: maker.orderId,
    mode,
    price: maker.price,
    takerQuantity: ofTaker,
    makerQuantity: ofMaker,
    timeMs: exchange.nowMs(),
  };
  exchange.preventedMatches.push(match);
  if (ofMaker !== null) prevent(exchange, maker, ofMaker, match);
  if (ofTaker !== null) prevent(exchange, taker, ofTaker, match);
}

function prevent(exchange: Exchange, order: Order, quantity: bigint, match: PreventedMatch): void {
  const counterOrderId = order.orderId === match.takerOrderId ? match.makerOrderId : match.takerOrderId;
  const prevention: Prevention = { matchId: match.id, counterOrderId, quantity, price: match.price };
  order.prevented += quantity;
  order.preventedMatchId = match.id;
  const execution = { kind: 'TRADE_PREVENTION', prevention } as const;
  if (remaining(order) === 0n) {
    end(exchange, order, { status: 'EXPIRED_IN_MATCH', execution });
    return;
  }
  order.updatedMs = match.timeMs;
  unlockSurplus(exchange, order);
  exchange.report(order, execution);
}
