/** Executions from the user stream and from answers to orders, each delivered once and in order. */
import type { OrderIntent } from '../../domain/order.js';
import type { VenueOrder } from '../../domain/venue.js';
import { type VenueStreamEvent, VenueUnavailable } from '../port.js';
import {
  amountField,
  type Fields,
  fieldsOf,
  listOf,
  steppedField,
  Unbelievable,
  wholeField,
} from './decode.js';
import { fillsOfOneOrder, type HistoryContext, noteEnd, REST_END, STREAM_END } from './history.js';
import type { BinanceMarket } from './market.js';
import { readStreamOrder } from './orders.js';
import { type RawTrade, readStreamTrade } from './trades.js';

interface ExecutionsOptions {
  readonly markets: ReadonlyMap<string, BinanceMarket>;
  readonly history: HistoryContext;
  readonly emit: (event: VenueStreamEvent) => void;
  /** Something could not be believed or fetched, so the engine must reconcile. */
  readonly onMissed: (detail: string) => void;
}

export interface Executions {
  onStreamEvent(event: Fields): void;
  /** Called with the answer to an order: an order that fills at once is answered with its executions. */
  onPlaced(body: unknown, order: OrderIntent, market: BinanceMarket): void;
  /** Called for an order that was looked up: it may have ended without an event on the stream. */
  onFound(body: unknown, market: BinanceMarket): void;
}

export function createExecutions(options: ExecutionsOptions): Executions {
  const { history, markets, onMissed } = options;
  return {
    onStreamEvent(event) {
      if (event.e !== 'executionReport') return;
      const market = markets.get(String(event.s));
      // A symbol of the same account that this desk does not trade.
      if (market === undefined) return;
      const believed = history.reader.judge('user stream', () => onReport(options, event, market));
      if (!believed) onMissed('an execution on the user stream could not be believed');
    },
    onFound(body, market) {
      noteEnd(history, fieldsOf(body, 'order'), REST_END, market);
    },
    onPlaced(body, order, market) {
      const believed = history.reader.judge('POST order', () => onPlaced(options, body, order, market));
      if (!believed) onMissed('executions in the answer to an order could not be believed');
    },
  };
}

function onReport(options: ExecutionsOptions, event: Fields, market: BinanceMarket): void {
  const order = readStreamOrder(event, market);
  noteEnd(options.history, event, STREAM_END, market);
  options.history.orders.learn(market.symbol, wholeField(event, 'i', 'execution'), {
    clientId: order.clientId,
    createdMs: wholeField(event, 'O', 'execution'),
  });
  if (event.x === 'TRADE') {
    const trade = readStreamTrade(event, market);
    options.history.checkPrice(market, trade);
    checkLimit(order, trade, market);
    const executedBefore = amountField(event, 'z', 'execution') - trade.quantity;
    if (!deliver(options, { trade, clientId: order.clientId, executedBefore, market })) {
      void catchUp(options, trade, order, market);
      return;
    }
  }
  options.emit({ kind: 'order', order });
}

function onPlaced(
  options: ExecutionsOptions,
  body: unknown,
  order: OrderIntent,
  market: BinanceMarket,
): void {
  const { clientId } = order;
  const placed = fieldsOf(body, 'placed order');
  noteEnd(options.history, placed, REST_END, market);
  let executedBefore = 0n;
  for (const trade of placedTrades(placed, order, market)) {
    options.history.checkPrice(market, trade);
    if (!deliver(options, { trade, clientId, executedBefore, market }))
      throw new Unbelievable('fills of an order that began earlier');
    executedBefore += trade.quantity;
  }
}

interface Delivery {
  readonly trade: RawTrade;
  readonly clientId: string;
  /** Filled quantity of the order before this execution, in units of 1e-8. */
  readonly executedBefore: bigint;
  readonly market: BinanceMarket;
}

/** False if earlier executions of the same order are missing. */
function deliver({ history, emit }: ExecutionsOptions, delivery: Delivery): boolean {
  const { trade, clientId, executedBefore, market } = delivery;
  const book = history.bookOf(market.instrument.id);
  if (book.delivered(trade.tradeId)) return true;
  const fill = book.add(trade, clientId, executedBefore);
  if (fill === 'gap') return false;
  book.markDelivered(trade.tradeId);
  if (fill !== 'later') emit({ kind: 'fill', fill });
  return true;
}

/** Executions were missed: reads all executions of the order, then delivers the order itself. */
async function catchUp(
  { history, emit, onMissed }: ExecutionsOptions,
  trade: RawTrade,
  order: VenueOrder,
  market: BinanceMarket,
): Promise<void> {
  try {
    const book = history.bookOf(market.instrument.id);
    for (const fill of await fillsOfOneOrder(history, market, trade.orderId, order.clientId)) {
      if (book.delivered(Number(fill.tradeId))) continue;
      book.markDelivered(Number(fill.tradeId));
      emit({ kind: 'fill', fill });
    }
    // The venue's history may lag behind its stream.
    if (!book.delivered(trade.tradeId)) onMissed(`the history lacks executions of order ${order.clientId}`);
    emit({ kind: 'order', order });
  } catch (error) {
    if (!(error instanceof VenueUnavailable)) throw error;
    onMissed(`executions of order ${order.clientId} could not be read: ${error.message}`);
  }
}

/** No exchange fills at a price worse than the limit. */
function checkLimit(
  { limitTicks, side }: VenueOrder,
  { price }: RawTrade,
  { tick, finest }: BinanceMarket,
): void {
  if (limitTicks === null) return;
  // A limit between two steps is known only to within one step.
  const [lowest, highest] = [BigInt(limitTicks) * tick, BigInt(limitTicks + 1) * tick - finest.tick];
  if (side === 'buy' ? price > highest : price < lowest)
    throw new Unbelievable('execution: at a worse price than its limit');
}

/** All rows of `fills`, checked together against the cost that the order reports. */
function placedTrades(placed: Fields, order: OrderIntent, market: BinanceMarket): readonly RawTrade[] {
  const trades = listOf(placed.fills ?? [], 'fills').map((row) =>
    placedTrade(fieldsOf(row, 'fill'), placed, market, order),
  );
  if (trades.length === 0) return trades;
  const paid = trades.reduce((sum, { quantity, price }) => sum + (quantity * price) / 100_000_000n, 0n);
  const said = amountField(placed, 'cummulativeQuoteQty', 'placed order');
  const off = paid > said ? paid - said : said - paid;
  // The venue truncates each amount to eight places.
  if (off > BigInt(trades.length))
    throw new Unbelievable('fills: prices times quantities are not what was paid');
  return trades;
}

/** A row of `fills`, completed with the fields that only the order itself has. */
function placedTrade(row: Fields, placed: Fields, market: BinanceMarket, order: OrderIntent): RawTrade {
  const quantity = steppedField(row, 'qty', market.finest.lot, 'fill');
  if (quantity === 0n) throw new Unbelievable('fill: without a quantity');
  return {
    tradeId: wholeField(row, 'tradeId', 'fill'),
    orderId: wholeField(placed, 'orderId', 'placed order'),
    quantity,
    price: steppedField(row, 'price', market.finest.tick, 'fill'),
    commission: amountField(row, 'commission', 'fill'),
    commissionAsset: typeof row.commissionAsset === 'string' ? row.commissionAsset : null,
    timeMs: wholeField(placed, 'transactTime', 'placed order'),
    buyer: order.side === 'buy',
    maker: false,
  };
}
