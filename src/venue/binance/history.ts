/** Fills from the venue's history: every execution since a given time, with the client id of its order. */
import type { Fill } from '../../domain/order.js';
import { VenueUnavailable } from '../port.js';
import { amountField, type Fields, fieldsOf, listOf, textField, Unbelievable, wholeField } from './decode.js';
import type { FillBook } from './fill-book.js';
import type { BinanceMarket } from './market.js';
import { hasEnded } from './orders.js';
import type { Reader } from './reading.js';
import { type RawTrade, readTrade } from './trades.js';

const PAGE = 1000;
/**
 * The most pages read at once, a million executions or orders: beyond it the reading fails rather than return half.
 */
const PAGES_MAX = 1000;

export interface HistoryContext {
  readonly reader: Reader;
  readonly bookOf: (instrument: number) => FillBook;
  readonly orders: OrderMemory;
  /** The venue's time. */
  readonly nowMs: () => number;
  /** Throws `Unbelievable` for a price that is out of range. */
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
  if (orders.size < ids.size) {
    const missing = ids.size - orders.size;
    throw new VenueUnavailable(
      `${market.symbol}: executions of ${missing} ${missing === 1 ? 'order' : 'orders'} that could not be read`,
    );
  }
  const fills: Fill[] = [];
  for (const [orderId, facts] of orders) {
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
    if (fill === 'later') book.markDelivered(trade.tradeId);
    return fill === 'gap' || fill === 'later' ? [] : [fill];
  });
}

/** The venue returns at most a day of trades after a start time. */
const BY_TIME_MS_MAX = 23 * 3_600_000;

/**
 * Within a day, requests by time. Further back, reads the newest page, and earlier ones only if that one
 * begins too late.
 */
async function tradesSince(
  context: HistoryContext,
  market: BinanceMarket,
  sinceMs: number,
): Promise<RawTrade[]> {
  if (context.nowMs() - sinceMs < BY_TIME_MS_MAX)
    return tradesFrom(context, market, { startTime: Math.max(0, Math.floor(sinceMs)) }, sinceMs);
  const { found, count, oldest } = await tradePage(context, market, { limit: PAGE }, sinceMs);
  if (count < PAGE || oldest === null || oldest.timeMs < sinceMs) return [...found];
  const fromId = await firstIdSince(context, market, sinceMs, oldest.id);
  return tradesFrom(context, market, { fromId }, sinceMs);
}

async function tradesFrom(
  context: HistoryContext,
  market: BinanceMarket,
  begin: Readonly<Record<string, number>>,
  sinceMs: number,
): Promise<RawTrade[]> {
  const trades: RawTrade[] = [];
  let from = begin;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { found, count, lastId } = await tradePage(context, market, { ...from, limit: PAGE }, sinceMs);
    trades.push(...found);
    if (count < PAGE) return trades;
    from = { fromId: lastId + 1 };
  }
  throw new VenueUnavailable(`${market.symbol}: more executions than can be read (${PAGES_MAX * PAGE})`);
}

/** Binary search, since ids grow with time: some thirty requests at most, however long the history is. */
async function firstIdSince(
  context: HistoryContext,
  market: BinanceMarket,
  sinceMs: number,
  knownId: number,
): Promise<number> {
  let low = 0;
  let high = knownId;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { oldest } = await tradePage(context, market, { fromId: middle, limit: 1 }, sinceMs);
    if (oldest !== null && oldest.timeMs < sinceMs) low = oldest.id + 1;
    else high = middle;
  }
  return low;
}

/** One request is enough: an order has far fewer executions than a page holds. */
async function tradesOfOrder(
  context: HistoryContext,
  market: BinanceMarket,
  orderId: number,
): Promise<RawTrade[]> {
  const { found } = await tradePage(context, market, { orderId, limit: PAGE }, 0);
  return found.filter((trade) => trade.orderId === orderId);
}

interface TradePage {
  /** The executions since `sinceMs`, oldest first. */
  readonly found: readonly RawTrade[];
  /** The number of rows that the venue returned. */
  readonly count: number;
  readonly oldest: { readonly id: number; readonly timeMs: number } | null;
  readonly lastId: number;
}

/** For rows older than `sinceMs` only id and time are read: ticks and lots may have been different then. */
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
      const given = rows
        .map((row) => {
          const fields = fieldsOf(row, 'trade');
          return { row, id: wholeField(fields, 'id', 'trade'), timeMs: wholeField(fields, 'time', 'trade') };
        })
        .sort((a, b) => a.id - b.id);
      const found = given.filter(({ timeMs }) => timeMs >= sinceMs).map(({ row }) => readTrade(row, market));
      for (const trade of found) context.checkPrice(market, trade);
      return { found, count: rows.length, oldest: given[0] ?? null, lastId: given.at(-1)?.id ?? 0 };
    },
    unlisted: { found: [], count: 0, oldest: null, lastId: 0 },
  });
}

/** Client id and time of each order, from memory or by request; an order that the venue omits is left out. */
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
      decode: (body) =>
        listOf(body, 'orders').map((row) => ({ row: fieldsOf(row, 'order'), ...readFacts(row, market) })),
    });
    for (const { orderId: id, row, ...facts } of rows) {
      if (!ids.has(id)) continue;
      noteEnd(context, row, REST_END, market);
      found.set(id, facts);
      context.orders.learn(market.symbol, id, facts);
    }
    const last = rows.reduce((most, row) => Math.max(most, row.orderId), 0);
    if (rows.length < PAGE || last < from) break;
    from = last + 1;
  }
  return found;
}

interface EndNames {
  readonly orderId: string;
  readonly status: string;
  readonly executed: string;
}

export const REST_END: EndNames = { orderId: 'orderId', status: 'status', executed: 'executedQty' };
export const STREAM_END: EndNames = { orderId: 'i', status: 'X', executed: 'z' };

/** Called when an order is found to have ended: its remainder below a lot is no longer waited for. */
export function noteEnd(
  { bookOf }: Pick<HistoryContext, 'bookOf'>,
  order: Fields,
  names: EndNames,
  { instrument }: BinanceMarket,
): void {
  if (!hasEnded(order[names.status])) return;
  const executed = amountField(order, names.executed, 'order');
  bookOf(instrument.id).ended(wholeField(order, names.orderId, 'order'), executed);
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

interface OrderFacts {
  readonly clientId: string;
  readonly createdMs: number;
}

/**
 * Which client id belongs to which order of the venue. Executions carry only the venue's own id, and
 * requesting the client id costs as much as reading the executions, so each one seen in an answer or on the
 * stream is stored.
 */
export class OrderMemory {
  readonly #orders = new Map<string, OrderFacts>();

  learn(symbol: string, orderId: number, facts: OrderFacts): void {
    this.#orders.set(`${symbol} ${orderId}`, facts);
    if (this.#orders.size > KEPT) this.#orders.delete(this.#orders.keys().next().value as string);
  }

  known(symbol: string, orderId: number): OrderFacts | undefined {
    return this.#orders.get(`${symbol} ${orderId}`);
  }
}

const KEPT = 10_000;
