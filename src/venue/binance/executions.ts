/** Executions as they come in, from the user stream and from answers to orders, each delivered once and in order. */
import type { OrderIntent } from '../../domain/order.js';
import type { VenueOrder } from '../../engine/event.js';
import type { VenueStreamEvent } from '../port.js';
import {
  amountField,
  type Fields,
  fieldsOf,
  listOf,
  stepsField,
  Unbelievable,
  wholeField,
} from './decode.js';
import { fillsOfOneOrder, type HistoryContext } from './history.js';
import type { BinanceMarket } from './market.js';
import { readStreamOrder } from './orders.js';
import { type RawTrade, readStreamTrade } from './trades.js';

export interface ExecutionsOptions {
  readonly markets: ReadonlyMap<string, BinanceMarket>;
  readonly history: HistoryContext;
  readonly emit: (event: VenueStreamEvent) => void;
  /** Something could not be believed or fetched: the engine has to reconcile. */
  readonly onMissed: (detail: string) => void;
}

export interface Executions {
  onStreamEvent(event: Fields): void;
  /** Executions that came with the answer to a market order. */
  onPlaced(body: unknown, order: OrderIntent, market: BinanceMarket): void;
}

export function createExecutions(options: ExecutionsOptions): Executions {
  const { history, emit } = options;

  function deliver(
    trade: RawTrade,
    order: VenueOrder,
    executedBefore: bigint,
    market: BinanceMarket,
  ): boolean {
    const book = history.bookOf(market.instrument.id);
    if (book.delivered(trade.tradeId)) return true;
    const fill = book.add(trade, order.clientId, executedBefore);
    if (fill === 'gap') return false;
    book.markDelivered(trade.tradeId);
    emit({ kind: 'fill', fill });
    return true;
  }

  /** Executions were missed: all of the order are read, then the order follows. */
  async function catchUp(orderId: number, order: VenueOrder, market: BinanceMarket): Promise<void> {
    try {
      const book = history.bookOf(market.instrument.id);
      for (const fill of await fillsOfOneOrder(history, market, orderId, order.clientId)) {
        if (book.delivered(Number(fill.tradeId))) continue;
        book.markDelivered(Number(fill.tradeId));
        emit({ kind: 'fill', fill });
      }
      emit({ kind: 'order', order });
    } catch (error) {
      options.onMissed(`executions of order ${order.clientId} could not be read: ${String(error)}`);
    }
  }

  function onReport(event: Fields, market: BinanceMarket): void {
    const order = readStreamOrder(event, market);
    if (event.x === 'TRADE') {
      const trade = readStreamTrade(event, market);
      history.checkPrice(market, trade);
      const executedBefore = amountField(event, 'z', 'execution') - trade.quantity;
      if (!deliver(trade, order, executedBefore, market)) {
        void catchUp(trade.orderId, order, market);
        return;
      }
    }
    emit({ kind: 'order', order });
  }

  return {
    onStreamEvent(event) {
      if (event.e !== 'executionReport') return;
      const market = options.markets.get(String(event.s));
      // Another symbol of the same account: none of this desk's.
      if (market === undefined) return;
      const believed = history.reader.judge('user stream', () => onReport(event, market));
      if (!believed) options.onMissed('an execution on the user stream could not be believed');
    },
    onPlaced(body, order, market) {
      const believed = history.reader.judge('POST order', () => {
        const fields = fieldsOf(body, 'placed order');
        let executed = 0n;
        for (const row of listOf(fields.fills ?? [], 'fills')) {
          const trade = placedTrade(fieldsOf(row, 'fill'), fields, market, order);
          history.checkPrice(market, trade);
          const book = history.bookOf(market.instrument.id);
          const fill = book.add(trade, order.clientId, executed);
          executed += trade.quantity;
          if (fill === 'gap') throw new Unbelievable('fills of an order that began earlier');
          if (book.delivered(trade.tradeId)) continue;
          book.markDelivered(trade.tradeId);
          emit({ kind: 'fill', fill });
        }
      });
      if (!believed) options.onMissed('executions in the answer to an order could not be believed');
    },
  };
}

/** A row of `fills`, which leaves out what the order itself says. */
function placedTrade(row: Fields, placed: Fields, market: BinanceMarket, order: OrderIntent): RawTrade {
  const quantity = amountField(row, 'qty', 'fill');
  if (quantity === 0n) throw new Unbelievable('fill: without a quantity');
  return {
    tradeId: wholeField(row, 'tradeId', 'fill'),
    orderId: wholeField(placed, 'orderId', 'placed order'),
    quantityLots: stepsField(row, 'qty', market.lot, 'fill'),
    quantity,
    priceTicks: stepsField(row, 'price', market.tick, 'fill'),
    commission: amountField(row, 'commission', 'fill'),
    commissionAsset: typeof row.commissionAsset === 'string' ? row.commissionAsset : null,
    timeMs: wholeField(placed, 'transactTime', 'placed order'),
    buyer: order.side === 'buy',
    maker: false,
  };
}
