/**
 * What the paper venue accepts. Codes and texts are those of a real exchange, so that a strategy meets the same
 * refusals.
 */
import type { Instrument } from '../../domain/instrument.js';
import { mulDiv } from '../../domain/money.js';
import { isBounded, type OrderIntent, wouldTake } from '../../domain/order.js';
import { largestAtMarket } from '../../domain/order-bounds.js';
import {
  exactNotional,
  hasMargin,
  initialMargin,
  isOwned,
  maintenanceMargin,
  notional,
  VALUE,
  type ValueRule,
  valuedAt,
} from '../../domain/value.js';
import type { PaperBook } from './book.js';
import type { PaperOrder } from './book-record.js';
import { type FeeRules, feeAhead } from './fees.js';
import { isTriggered, type QuotePrices } from './matching.js';

interface Rejection {
  readonly code: string;
  readonly text: string;
  readonly wouldTrigger?: true;
  readonly wouldTake?: true;
  /** There is room once another order is cancelled. */
  readonly tooMany?: true;
}

/** What the venue's prices mean for an order and its account. */
export interface PricesNow {
  /**
   * The most that a lot of the order may cost, in ticks (limit, stop, or quote with slippage); null before a price is
   * known.
   */
  readonly reserveTicks: number | null;
  /** Its market is closed: a market order is refused, any other is accepted. */
  readonly closed: boolean;
  /** The quote of any symbol; null before its first one. */
  readonly quote: (symbol: string) => QuotePrices | null;
  /** The value of its quote currency in the account's; NaN until the converting price is known. */
  readonly rate: (instrument: Instrument) => number;
}

const OPEN_ORDERS_MAX = 500;
const AMENDMENTS_MAX = 10;

const INSUFFICIENT: Rejection = {
  code: '-2010',
  text: 'Account has insufficient balance for requested action.',
};
const WOULD_TRIGGER: Readonly<Record<ValueRule['pays'], Rejection>> = {
  value: { code: '-2010', text: 'Stop price would trigger immediately.', wouldTrigger: true },
  result: { code: '-2021', text: 'Order would immediately trigger.', wouldTrigger: true },
};
const WOULD_TAKE: Readonly<Record<ValueRule['pays'], Rejection>> = {
  value: { code: '-2010', text: 'Order would immediately match and take.', wouldTake: true },
  result: {
    code: '-5022',
    text: 'Due to the order could not be executed as maker, the Post Only order will be rejected.',
    wouldTake: true,
  },
};
const BELOW_MAINTENANCE: Rejection = {
  code: '-2019',
  text: 'Margin is insufficient: equity is below the maintenance margin of what is held.',
};
const filter = (name: string): Rejection => ({ code: '-1013', text: `Filter failure: ${name}` });
const tooMany = (name: string): Rejection => ({ ...filter(name), tooMany: true });

export function restingStops(book: PaperBook, { symbol }: Pick<Instrument, 'symbol'>): number {
  let stops = 0;
  for (const { type } of book.openOrders(symbol)) if (type === 'stop') stops += 1;
  return stops;
}

/** Null if the order is accepted. */
export function refuse(
  order: OrderIntent,
  instrument: Instrument,
  book: PaperBook,
  prices: PricesNow,
  fees: FeeRules,
): Rejection | null {
  if (book.orders.has(order.clientId)) return { code: '-2010', text: 'Duplicate order sent.' };
  return (
    refuseByFilters(order, instrument, book, prices) ?? refuseByAccount(order, instrument, book, prices, fees)
  );
}

/** Independent of the account. A replacement must pass these before the old order is cancelled. */
export function refuseByFilters(
  order: OrderIntent,
  instrument: Instrument,
  book: PaperBook,
  { reserveTicks, closed }: PricesNow,
): Rejection | null {
  if (book.openOrderCount >= OPEN_ORDERS_MAX) return tooMany('MAX_NUM_ORDERS');
  const { maxStops } = instrument;
  if (order.type === 'stop' && maxStops !== undefined && restingStops(book, instrument) >= maxStops)
    return tooMany('MAX_NUM_ALGO_ORDERS');
  if (!isLots(order.quantityLots, instrument)) return filter('LOT_SIZE');
  if (order.type !== 'limit' && order.quantityLots > largestAtMarket(instrument))
    return filter('MARKET_LOT_SIZE');
  const hasLimit = order.type === 'limit' || isBounded(order);
  if (hasLimit && !isPrice(order.limitTicks)) return filter('PRICE_FILTER');
  if (order.type === 'stop' && !isPrice(order.stopTicks)) return filter('PRICE_FILTER');
  if (closed && order.type === 'market') return { code: '-2010', text: 'Market is closed.' };
  if (reserveTicks === null) return { code: '-2010', text: 'Market is closed: no price is known yet.' };
  return isWorthTrading(order.quantityLots, reserveTicks, instrument) ? null : filter('NOTIONAL');
}

/** Against the current market and account. Money held back by open orders and positions is not free. */
export function refuseByAccount(
  order: OrderIntent,
  instrument: Instrument,
  book: PaperBook,
  { reserveTicks, quote, rate }: PricesNow,
  fees: FeeRules,
): Rejection | null {
  if (wouldTrigger(order, quote(instrument.symbol))) return WOULD_TRIGGER[VALUE[instrument.kind].pays];
  if (takesThough(order, quote(instrument.symbol))) return WOULD_TAKE[VALUE[instrument.kind].pays];
  const valued = valuedAt(instrument, rate(instrument));
  const value = notional(valued, order.quantityLots, reserveTicks ?? 0);
  return isOwned(instrument)
    ? refuseOwned(order, valued, book, { value, prices: { quote, rate }, fees })
    : refuseContract(order, valued, book, { value, prices: { quote, rate }, fees });
}

/**
 * A buy needs free money including its fee, on top of what the account's contracts take; a sale needs free
 * coins or shares: resting sales lock theirs, stops too.
 */
function refuseOwned(
  order: OrderIntent,
  instrument: Instrument,
  book: PaperBook,
  { value, prices, fees }: Wanted,
): Rejection | null {
  if (order.side === 'buy') {
    const needed = value + feeAhead(fees, instrument, { lots: order.quantityLots, value });
    const cash = book.cash - heldBack(book, fees);
    const free = book.hasContracts ? Math.min(cash, freeMargin(book, prices)) : cash;
    // Also refuses if an amount can't be converted: nobody knows what is free.
    return needed <= free ? null : INSUFFICIENT;
  }
  let free = book.position(instrument.symbol).quantityLots;
  for (const open of book.openOrders(instrument.symbol)) {
    if (open.side === 'sell') free -= open.quantityLots - open.filledLots;
  }
  return order.quantityLots > free ? INSUFFICIENT : null;
}

/** The exchange refuses a stop that would trigger on arrival. */
function wouldTrigger({ type, side, stopTicks }: OrderIntent, quote: QuotePrices | null): boolean {
  if (type !== 'stop' || stopTicks === null || quote === null) return false;
  return isTriggered(side === 'buy', stopTicks, quote);
}

/** A post-only order whose price the market has reached. */
function takesThough(order: OrderIntent, quote: QuotePrices | null): boolean {
  return order.postOnly === true && quote !== null && wouldTake(order, quote);
}

/**
 * Open positions plus everything that open orders may open can't take more than the wallet plus the
 * unrealised result of positions: the full worth (nothing is lent), or with a margin in the desk file, that
 * margin and the order's fee.
 */
function refuseContract(
  order: OrderIntent,
  instrument: Instrument,
  book: PaperBook,
  { value, prices, fees }: Wanted,
): Rejection | null {
  const held = book.position(instrument.symbol).quantityLots;
  const reducible = (order.side === 'buy' ? -held : held) > 0 ? Math.abs(held) : 0;
  if (order.reduceOnly)
    return reducible > 0 ? null : { code: '-2022', text: 'ReduceOnly Order is rejected.' };
  const openedLots = Math.max(0, order.quantityLots - reducible);
  // An order that only closes is always accepted: refusing it would hold the account in the loss that it must
  // leave.
  if (openedLots === 0) return null;
  if (Number.isNaN(value)) return { code: '-2010', text: 'Market is closed: no price converts it yet.' };
  const worth = mulDiv(value, openedLots, order.quantityLots);
  const isOnMargin = hasMargin(instrument);
  if (isOnMargin && isBelowMaintenance(book, prices)) return BELOW_MAINTENANCE;
  const opened =
    initialMargin(instrument, openedLots, worth) +
    (isOnMargin ? feeAhead(fees, instrument, { lots: order.quantityLots, value }) : 0);
  // Also refuses if an amount can't be converted: nobody knows what is free.
  return opened <= freeMargin(book, prices) ? null : { code: '-2019', text: 'Margin is insufficient.' };
}

type Prices = Pick<PricesNow, 'quote' | 'rate'>;

/** `value`: of all that the order would trade. */
interface Wanted {
  readonly value: number;
  readonly prices: Prices;
  readonly fees: FeeRules;
}

interface Marked {
  readonly instrument: Instrument | undefined;
  readonly quantityLots: number;
  readonly worth: number;
  readonly cost: number;
}

function* markedPositions(book: PaperBook, { quote, rate }: Prices): Generator<Marked> {
  for (const [symbol, position] of book.positions) {
    const { quantityLots } = position;
    const prices = quote(symbol);
    const markTicks = quantityLots > 0 ? prices?.bidTicks : prices?.askTicks;
    const known = book.instruments.get(symbol);
    const by = known === undefined ? 1 : rate(known);
    const instrument = known && valuedAt(known, by);
    const cost = Number(position.cost) * by;
    const isMarked = instrument !== undefined && markTicks !== undefined;
    const worth = isMarked
      ? VALUE[instrument.kind].exactWorth(quantityLots, markTicks, instrument.moneyPerTickLot)
      : cost;
    yield { instrument, quantityLots, worth, cost };
  }
}

function isBelowMaintenance(book: PaperBook, prices: Prices): boolean {
  let [equity, needed] = [book.cash, 0];
  for (const { instrument, quantityLots, worth, cost } of markedPositions(book, prices)) {
    equity += instrument !== undefined && isOwned(instrument) ? worth : worth - cost;
    if (instrument !== undefined) needed += maintenanceMargin(instrument, quantityLots, worth);
  }
  return equity < needed;
}

/** Cash that contracts held do not take: what a purchase may cost, whatever its reserve was. */
export function spendable(book: PaperBook, prices: Prices): number {
  return book.hasContracts ? Math.min(book.cash, besidePositions(book, prices)) : book.cash;
}

/** Owned instruments are paid for: they take nothing more, and nothing is lent on them. */
function besidePositions(book: PaperBook, prices: Prices): number {
  let free = book.cash;
  for (const { instrument, quantityLots, worth, cost } of markedPositions(book, prices)) {
    if (instrument !== undefined && isOwned(instrument)) continue;
    const taken = Math.abs(worth);
    free +=
      worth - cost - (instrument === undefined ? taken : initialMargin(instrument, quantityLots, taken));
  }
  return free;
}

function freeMargin(book: PaperBook, prices: Prices): number {
  let free = besidePositions(book, prices);
  for (const open of book.allOpenOrders()) {
    // A stop without a worst price can't open anything here: it only protects.
    if (open.reduceOnly || (open.type === 'stop' && !isBounded(open))) continue;
    const known = book.instruments.get(open.symbol);
    if (known === undefined || (open.side === 'sell' && isOwned(known))) continue;
    const instrument = valuedAt(known, prices.rate(known));
    const lots = open.quantityLots - open.filledLots;
    free -= initialMargin(instrument, lots, exactNotional(instrument, lots, open.reserveTicks));
  }
  return free;
}

/**
 * Money held back for open buys of owned instruments, including fees. They are all in the account's currency.
 */
function heldBack(book: PaperBook, fees: FeeRules): number {
  let held = 0;
  for (const open of book.allOpenOrders()) {
    const instrument = book.instruments.get(open.symbol);
    if (open.side !== 'buy' || instrument === undefined || !isOwned(instrument)) continue;
    held += reserveOf(open, instrument, fees);
  }
  return held;
}

function reserveOf(open: PaperOrder, instrument: Instrument, fees: FeeRules): number {
  const lots = open.quantityLots - open.filledLots;
  const value = notional(instrument, lots, open.reserveTicks);
  return value + feeAhead(fees, instrument, { lots, value, charged: open.charged });
}

/** Null if the open order is made smaller. An order never becomes larger, and the number of amendments is limited. */
export function refuseAmendment(
  order: PaperOrder,
  quantityLots: number,
  instrument: Instrument,
): Rejection | null {
  const rejected = (text: string): Rejection => ({ code: '-2038', text });
  if (!isLots(quantityLots, instrument)) return filter('LOT_SIZE');
  if (quantityLots > order.quantityLots) return rejected('Order amend (quantity increase) is not supported.');
  if (quantityLots === order.quantityLots || quantityLots <= order.filledLots)
    return rejected('The requested action would change no state; rejecting.');
  if (!isWorthTrading(quantityLots, order.reserveTicks, instrument)) return filter('NOTIONAL');
  if ((order.amendments ?? 0) >= AMENDMENTS_MAX) return rejected('Filter failure: MAX_NUM_ORDER_AMENDS');
  return null;
}

function isLots(lots: number, { minQuantityLots, maxQuantityLots }: Instrument): boolean {
  return isWithin(lots, Math.max(1, minQuantityLots), maxQuantityLots);
}

function isWorthTrading(lots: number, priceTicks: number, instrument: Instrument): boolean {
  return notional(instrument, lots, priceTicks) >= instrument.minNotional;
}

function isPrice(ticks: number | null): boolean {
  return ticks !== null && isWithin(ticks, 1, Number.MAX_SAFE_INTEGER);
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}
