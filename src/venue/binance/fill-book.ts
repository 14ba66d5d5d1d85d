/**
 * From executions to fills. Binance takes the fee of a purchase out of the coins bought, so that fewer can be sold than
 * were ordered: `feeLots` says how many whole lots are gone. It is worked out over the whole order (rounded up once,
 * not at each of its executions), for which the executions before must be known.
 */
import { mulDiv } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { coveringSteps } from './exact.js';
import type { BinanceMarket } from './market.js';
import type { RawTrade } from './trades.js';

interface OrderSoFar {
  executed: bigint;
  commission: bigint;
  readonly feeLots: Map<number, number>;
}

export interface FillBook {
  /**
   * The fill, or `gap` where executions of the same order before this one are not known yet. `executedBefore` is the
   * order's filled quantity before this execution, in units of 1e-8.
   */
  add(trade: RawTrade, clientId: string, executedBefore: bigint): Fill | 'gap';
  /** Whether the stream or an answer already delivered it. */
  delivered(tradeId: number): boolean;
  markDelivered(tradeId: number): void;
}

const ORDERS_KEPT = 10_000;
const DELIVERED_KEPT = 50_000;

export function createFillBook(
  market: (instrument: number) => BinanceMarket,
  simulated: boolean,
): (instrument: number) => FillBook {
  const books = new Map<number, FillBook>();
  return (instrument) => {
    let book = books.get(instrument);
    if (book === undefined) {
      book = createBook(market(instrument), simulated);
      books.set(instrument, book);
    }
    return book;
  };
}

function createBook(market: BinanceMarket, simulated: boolean): FillBook {
  const orders = new Map<number, OrderSoFar>();
  const delivered = new Set<number>();

  function feeLotsOf(trade: RawTrade, executedBefore: bigint): number | 'gap' {
    const inBase = trade.buyer && trade.commissionAsset === market.instrument.base;
    if (!inBase) return 0;
    const order = orders.get(trade.orderId) ?? { executed: 0n, commission: 0n, feeLots: new Map() };
    const known = order.feeLots.get(trade.tradeId);
    if (known !== undefined) return known;
    if (executedBefore !== order.executed) return 'gap';
    const before = coveringSteps(order.commission, market.lot);
    order.executed += trade.quantity;
    order.commission += trade.commission;
    const feeLots = coveringSteps(order.commission, market.lot) - before;
    order.feeLots.set(trade.tradeId, feeLots);
    remember(orders, trade.orderId, order);
    return feeLots;
  }

  return {
    add(trade, clientId, executedBefore) {
      const feeLots = feeLotsOf(trade, executedBefore);
      if (feeLots === 'gap') return 'gap';
      return fillOf(trade, { clientId, feeLots, market, simulated });
    },
    delivered: (tradeId) => delivered.has(tradeId),
    markDelivered(tradeId) {
      delivered.add(tradeId);
      if (delivered.size > DELIVERED_KEPT) delivered.delete(delivered.values().next().value as number);
    },
  };
}

function remember(orders: Map<number, OrderSoFar>, orderId: number, order: OrderSoFar): void {
  orders.set(orderId, order);
  if (orders.size > ORDERS_KEPT) orders.delete(orders.keys().next().value as number);
}

interface FillContext {
  readonly clientId: string;
  readonly feeLots: number;
  readonly market: BinanceMarket;
  readonly simulated: boolean;
}

function fillOf(trade: RawTrade, { clientId, feeLots, market, simulated }: FillContext): Fill {
  return {
    tradeId: String(trade.tradeId),
    clientId,
    instrument: market.instrument.id,
    side: trade.buyer ? 'buy' : 'sell',
    quantityLots: trade.quantityLots,
    priceTicks: trade.priceTicks,
    fee: feeMoney(trade, feeLots, market),
    ...(feeLots > 0 ? { feeLots } : {}),
    liquidity: trade.maker ? 'maker' : 'taker',
    marketMs: trade.timeMs,
    simulated,
  };
}

/**
 * In the quote currency as it is (money units are 1e-8 too); in the base currency the value of the lots that are gone; in a third one (BNB) the
 * desk file's rate, since its own price is not known here and is never higher than that.
 */
function feeMoney(trade: RawTrade, feeLots: number, market: BinanceMarket): number {
  const { instrument } = market;
  const perLot = trade.priceTicks * instrument.moneyPerTickLot;
  if (trade.commission === 0n) return 0;
  if (trade.commissionAsset === instrument.quote) {
    return Number(trade.commission);
  }
  if (trade.commissionAsset === instrument.base && trade.buyer) return feeLots * perLot;
  const rate = trade.maker ? instrument.makerFeePpm : instrument.takerFeePpm;
  return mulDiv(trade.quantityLots * perLot, rate, 1_000_000);
}
