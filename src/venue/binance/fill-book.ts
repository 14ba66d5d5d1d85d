/**
 * From executions to fills. Binance takes the fee of a purchase out of the coins bought, or out of a stock of BNB: the fill
 * says which asset and exactly how much. Where executions of the same order are missing before one, all are read first.
 */
import { formatUnits, mulDivUnits, worthUnits } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import type { BinanceMarket } from './market.js';
import type { RawTrade } from './trades.js';

interface OrderSoFar {
  executed: bigint;
  readonly trades: Set<number>;
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

  /** False where executions of the order before this one are not known yet. */
  function follows(trade: RawTrade, executedBefore: bigint): boolean {
    const order = orders.get(trade.orderId) ?? { executed: 0n, trades: new Set() };
    if (order.trades.has(trade.tradeId)) return true;
    if (executedBefore !== order.executed) return false;
    order.executed += trade.quantity;
    order.trades.add(trade.tradeId);
    remember(orders, trade.orderId, order);
    return true;
  }

  return {
    add(trade, clientId, executedBefore) {
      // Counted whatever pays the fee: a stock of BNB runs out in the middle of an order.
      const isKnown = follows(trade, executedBefore);
      const inBase = trade.buyer && trade.commissionAsset === market.instrument.base;
      if (inBase && !isKnown) return 'gap';
      return fillOf(trade, { clientId, market, simulated });
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
  readonly market: BinanceMarket;
  readonly simulated: boolean;
}

function fillOf(trade: RawTrade, { clientId, market, simulated }: FillContext): Fill {
  return {
    tradeId: String(trade.tradeId),
    clientId,
    instrument: market.instrument.id,
    side: trade.buyer ? 'buy' : 'sell',
    quantityLots: trade.quantityLots,
    priceTicks: trade.priceTicks,
    ...feeOf(trade, market),
    liquidity: trade.maker ? 'maker' : 'taker',
    marketMs: trade.timeMs,
    simulated,
  };
}

/**
 * In the quote currency as it is (money units are 1e-8 too); in the coin that was bought with its worth at this price. What
 * another asset is worth is not known here: the engine says it from the desk's own quote.
 */
function feeOf(trade: RawTrade, { instrument, lot }: BinanceMarket): Pick<Fill, 'fee' | 'feeIn'> {
  const { commission, commissionAsset, priceTicks } = trade;
  if (commission === 0n || commissionAsset === null) return { fee: 0 };
  if (commissionAsset === instrument.quote) return { fee: Number(commission) };
  const feeIn = { asset: commissionAsset, amount: formatUnits(commission) };
  if (commissionAsset !== instrument.base || !trade.buyer) return { fee: 0, feeIn };
  const oneLot = worthUnits(1, priceTicks, instrument.moneyPerTickLot);
  return { fee: Number(mulDivUnits(commission, oneLot, lot)), feeIn };
}
