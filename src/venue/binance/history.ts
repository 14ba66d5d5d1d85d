/** Fills out of the venue's history: every execution since a time, with the client id of its order. */
import type { Fill } from '../../domain/order.js';
import { VenueUnavailable } from '../port.js';
import { fieldsOf, listOf, textField, Unbelievable, wholeField } from './decode.js';
import type { FillBook } from './fill-book.js';
import type { BinanceMarket } from './market.js';
import type { OrderFacts, OrderMemory } from './order-memory.js';
import type { Reader } from './reading.js';
import { type RawTrade, readTrade } from './trades.js';

const PAGE = 1000;
/** A million executions or orders at once: beyond it nothing is said rather than half of it. */
const PAGES_MAX = 1000;

export interface HistoryContext {
  readonly reader: Reader;
  readonly bookOf: (instrument: number) => FillBook;
  readonly orders: OrderMemory;
  readonly nowMs: () => number;
  /** Throws `Unbelievable` for a price that can't be. */
  readonly checkPrice: (market: BinanceMarket, trade: RawTrade) => void;
}

/** Throws `VenueUnavailable`. */
export async function fillsOfMarket(
  context: HistoryContext,
  market: BinanceMarket,
  sinceMs: number,
): Promise<Fill[]> {
  const trades = await tradesSince(context, market, sinceMs);
  const first = trades[0];
  if (first === undefined) return [];
  const ids = new Set(trades.map(({ orderId }) => orderId));
  const orders = await ordersOf(context, market, ids);
  const fills: Fill[] = [];
  for (const orderId of ids) {
    const facts = orders.get(orderId);
    if (facts === undefined) continue;
    const ofOrder =
      facts.createdMs < sinceMs
        ? await tradesOfOrder(context, market, orderId)
        : trades.filter((trade) => trade.orderId === orderId);
    const made = fillsOfOrder(context.bookOf(market.instrument.id), ofOrder, facts.clientId);
    fills.push(...made.filter(({ marketMs }) => marketMs >= sinceMs));
  }
  return fills.sort((a, b) => a.marketMs - b.marketMs || Number(a.tradeId) - Number(b.tradeId));
}

/** All executions of one order, oldest first, as fills. Throws `VenueUnavailable`. */
export async function fillsOfOneOrder(
  context: HistoryContext,
  market: BinanceMarket,
  orderId: number,
  clientId: string,
): Promise<Fill[]> {
  const trades = await tradesOfOrder(context, market, orderId);
  return fillsOfOrder(context.bookOf(market.instrument.id), trades, clientId);
}

function fillsOfOrder(book: FillBook, trades: readonly RawTrade[], clientId: string): Fill[] {
  let executed = 0n;
  return trades.flatMap((trade) => {
    const fill = book.add(trade, clientId, executed);
    executed += trade.quantity;
    return fill === 'gap' ? [] : [fill];
  });
}

/** The venue takes a start time no further back than a day from the last trade it then gives. */
const BY_TIME_MS_MAX = 23 * 3_600_000;

/** Within a day by time; further back from the account's first execution on, and what is too old is left out. */
async function tradesSince(
  context: HistoryContext,
  market: BinanceMarket,
  sinceMs: number,
): Promise<RawTrade[]> {
  const trades: RawTrade[] = [];
  const byTime = context.nowMs() - sinceMs < BY_TIME_MS_MAX;
  let from: Record<string, number> = byTime ? { startTime: Math.max(0, Math.floor(sinceMs)) } : { fromId: 0 };
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { found, count, lastId } = await tradePage(context, market, { ...from, limit: PAGE }, sinceMs);
    trades.push(...found);
    if (count < PAGE) return trades;
    from = { fromId: lastId + 1 };
  }
  throw new VenueUnavailable(`${market.symbol}: more executions than can be read (${PAGES_MAX * PAGE})`);
}

/** One order has far fewer executions than a page holds, but a page is what the venue gives at once. */
async function tradesOfOrder(
  context: HistoryContext,
  market: BinanceMarket,
  orderId: number,
): Promise<RawTrade[]> {
  const { found } = await tradePage(context, market, { orderId, limit: PAGE }, 0);
  return found.filter((trade) => trade.orderId === orderId);
}

interface TradePage {
  /** Oldest first. */
  readonly found: readonly RawTrade[];
  /** All that the venue gave. */
  readonly count: number;
  readonly lastId: number;
}

/** What is older than `sinceMs` is not read further than its time: steps and prices were others then. */
async function tradePage(
  context: HistoryContext,
  market: BinanceMarket,
  query: Readonly<Record<string, number>>,
  sinceMs: number,
): Promise<TradePage> {
  return context.reader.read({
    name: 'GET myTrades',
    weight: 'orderId' in query ? 5 : 20,
    urgency: 'read',
    send: (ccxt) => ccxt.privateGetMyTrades({ symbol: market.symbol, ...query }),
    decode: (body) => {
      const rows = listOf(body, 'trades');
      const ids = rows.map((row) => wholeField(fieldsOf(row, 'trade'), 'id', 'trade'));
      const wanted = rows.filter((row) => wholeField(fieldsOf(row, 'trade'), 'time', 'trade') >= sinceMs);
      const found = wanted.map((row) => readTrade(row, market)).sort((a, b) => a.tradeId - b.tradeId);
      for (const trade of found) context.checkPrice(market, trade);
      return { found, count: rows.length, lastId: Math.max(0, ...ids) };
    },
  });
}

/** Client ids of orders: remembered, or asked for. */
async function ordersOf(
  context: HistoryContext,
  market: BinanceMarket,
  ids: ReadonlySet<number>,
): Promise<ReadonlyMap<number, OrderFacts>> {
  const found = new Map<number, OrderFacts>();
  for (const id of ids) {
    const known = context.orders.known(market.symbol, id);
    if (known !== undefined) found.set(id, known);
  }
  const unknown = [...ids].filter((id) => !found.has(id));
  const highest = Math.max(...unknown);
  let from = Math.min(...unknown);
  for (let page = 0; page < PAGES_MAX && from <= highest; page += 1) {
    const orderId = from;
    const rows = await context.reader.read({
      name: 'GET allOrders',
      weight: 20,
      urgency: 'read',
      send: (ccxt) => ccxt.privateGetAllOrders({ symbol: market.symbol, orderId, limit: PAGE }),
      decode: (body) => listOf(body, 'orders').map((row) => readFacts(row, market)),
    });
    for (const { orderId: id, ...facts } of rows) {
      if (!ids.has(id)) continue;
      found.set(id, facts);
      context.orders.learn(market.symbol, id, facts);
    }
    const last = rows.reduce((most, row) => Math.max(most, row.orderId), 0);
    if (rows.length < PAGE || last < from) break;
    from = last + 1;
  }
  return found;
}

function readFacts(row: unknown, market: BinanceMarket): OrderFacts & { readonly orderId: number } {
  const fields = fieldsOf(row, 'order');
  if (fields.symbol !== market.symbol) throw new Unbelievable('order: of another symbol than asked for');
  return {
    orderId: wholeField(fields, 'orderId', 'order'),
    clientId: textField(fields, 'clientOrderId', 'order'),
    createdMs: wholeField(fields, 'time', 'order'),
  };
}
