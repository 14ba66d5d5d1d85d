/**
 * Turns executions into fills. Binance takes the fee of a purchase out of the coins bought, or out of a stock
 * of BNB: the fill says which asset and exactly how much. If earlier executions of the same order are
 * missing, all of them are read first.
 * If the venue has made its steps finer, executions of one order are booked once they add up to whole lots of
 * the desk. The part below a lot is remembered here and left out of the account until it makes a lot or the
 * order has ended.
 */
import { formatUnits, mulDivUnits, worthUnits } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import { wholeSteps } from './decode.js';
import type { BinanceMarket } from './market.js';
import type { RawTrade } from './trades.js';

interface OrderSoFar {
  executed: bigint;
  readonly trades: Set<number>;
  /** The part below a whole lot, and what it has moved in the account without a fill. */
  rest: WholeTrade;
  restMoved: Unbooked;
  /** By execution that was not a fill on its own: what was booked with it; null if nothing yet. */
  readonly joined: Map<number, WholeTrade | null>;
  /** The quantity executed in total; null while the order has not ended. */
  ended: bigint | null;
}

/** What one fill is made from. */
interface WholeTrade {
  readonly quantity: bigint;
  /** Units of 1e-8 of the quote currency. */
  readonly paid: bigint;
  /** By asset: a stock of BNB may run out within a lot. */
  readonly commissions: ReadonlyMap<string, bigint>;
}

/**
 * Coins and cash that an order has moved and that no fill covers yet, in units of 1e-8; positive: received.
 */
export interface Unbooked {
  readonly coins: bigint;
  readonly cash: bigint;
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
      book = new FillBook(market(instrument), simulated);
      books.set(instrument, book);
    }
    return book;
  };
}

const NOTHING: WholeTrade = { quantity: 0n, paid: 0n, commissions: new Map() };
const STILL: Unbooked = { coins: 0n, cash: 0n };

export class FillBook {
  readonly #orders = new Map<number, OrderSoFar>();
  readonly #delivered = new Set<number>();
  #unbooked = STILL;

  constructor(
    private readonly market: BinanceMarket,
    private readonly simulated: boolean,
  ) {}

  get unbooked(): Unbooked {
    return this.#unbooked;
  }

  /**
   * The fill; `gap` if earlier executions of the same order are missing, `later` if it does not yet make a whole lot
   * together with them. `executedBefore` is the order's filled quantity before this execution, in units of 1e-8.
   */
  add(trade: RawTrade, clientId: string, executedBefore: bigint): Fill | 'gap' | 'later' {
    const { market, simulated } = this;
    // Counted whichever asset pays the fee: a stock of BNB may run out in the middle of an order.
    const order = this.#follows(trade, executedBefore);
    const inBase = trade.buyer && trade.commissionAsset === market.instrument.base;
    const mayJoin = market.finest.lot !== market.lot;
    if ((inBase || mayJoin) && order === null) return 'gap';
    const joined = order?.joined.get(trade.tradeId);
    if (joined === null) return 'later';
    return fillOf(trade, joined ?? wholeOf(trade), { clientId, market, simulated });
  }

  /** The order has ended: its remainder below a lot becomes no fill, and shows in the account. */
  ended(orderId: number, executed: bigint): void {
    if (executed === 0n) return;
    const order = this.#orderOf(orderId);
    order.ended = executed;
    remember(this.#orders, orderId, order);
    this.#setMoved(order, order.restMoved);
  }

  /** Whether the stream or an answer has delivered it already. */
  delivered(tradeId: number): boolean {
    return this.#delivered.has(tradeId);
  }

  markDelivered(tradeId: number): void {
    this.#delivered.add(tradeId);
    if (this.#delivered.size > DELIVERED_KEPT)
      this.#delivered.delete(this.#delivered.values().next().value as number);
  }

  #orderOf(orderId: number): OrderSoFar {
    return (
      this.#orders.get(orderId) ?? {
        ...{
          executed: 0n,
          trades: new Set(),
          rest: NOTHING,
          restMoved: STILL,
          joined: new Map(),
          ended: null,
        },
      }
    );
  }

  /** The order up to and including this execution; null if earlier ones are missing. */
  #follows(trade: RawTrade, executedBefore: bigint): OrderSoFar | null {
    const order = this.#orderOf(trade.orderId);
    if (order.trades.has(trade.tradeId)) return order;
    if (executedBefore !== order.executed) return null;
    order.executed += trade.quantity;
    order.trades.add(trade.tradeId);
    remember(this.#orders, trade.orderId, order);
    this.#join(order, trade);
    return order;
  }

  /**
   * Adds an execution to the remainder of earlier ones; the rest below a lot is attributed to this execution.
   */
  #join(order: OrderSoFar, trade: RawTrade): void {
    const before = order.rest;
    const all = together(before, wholeOf(trade));
    order.rest = partOf(trade, all.quantity % this.market.lot);
    const whole = without(all, order.rest);
    if (whole.quantity === 0n) order.rest = all;
    this.#setMoved(order, movedBy(trade, order.rest, this.market));
    if (before.quantity === 0n && order.rest.quantity === 0n) return;
    order.joined.set(trade.tradeId, whole.quantity === 0n ? null : whole);
  }

  /** Once an order has ended, none of it waits to be booked. */
  #setMoved(order: OrderSoFar, restMoved: Unbooked): void {
    const { coins, cash } = order.ended !== null && order.executed >= order.ended ? STILL : restMoved;
    this.#unbooked = {
      coins: this.#unbooked.coins + coins - order.restMoved.coins,
      cash: this.#unbooked.cash + cash - order.restMoved.cash,
    };
    order.restMoved = { coins, cash };
  }
}

const UNIT = 100_000_000n;

const wholeOf = (trade: RawTrade): WholeTrade => partOf(trade, trade.quantity);

/** A share of an execution, of the given quantity. */
const partOf = (trade: RawTrade, quantity: bigint): WholeTrade => ({
  quantity,
  paid: (quantity * trade.price) / UNIT,
  commissions:
    trade.commissionAsset === null
      ? NOTHING.commissions
      : new Map([[trade.commissionAsset, (trade.commission * quantity) / trade.quantity]]),
});

const together = (one: WholeTrade, other: WholeTrade): WholeTrade => ({
  quantity: one.quantity + other.quantity,
  paid: one.paid + other.paid,
  commissions: added(one.commissions, other.commissions, 1n),
});

const without = (one: WholeTrade, other: WholeTrade): WholeTrade => ({
  quantity: one.quantity - other.quantity,
  paid: one.paid - other.paid,
  commissions: added(one.commissions, other.commissions, -1n),
});

type Commissions = WholeTrade['commissions'];

function added(one: Commissions, other: Commissions, times: bigint): Commissions {
  const sum = new Map(one);
  for (const [asset, amount] of other) sum.set(asset, (sum.get(asset) ?? 0n) + times * amount);
  return sum;
}

function movedBy(
  { buyer }: RawTrade,
  { quantity, paid, commissions }: WholeTrade,
  { instrument }: BinanceMarket,
): Unbooked {
  return {
    coins: (buyer ? quantity : -quantity) - (commissions.get(instrument.base) ?? 0n),
    cash: (buyer ? -paid : paid) - (commissions.get(instrument.quote) ?? 0n),
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

function fillOf(trade: RawTrade, whole: WholeTrade, { clientId, market, simulated }: FillContext): Fill {
  const { quantity, paid } = whole;
  const quantityLots = wholeSteps(quantity, market.lot);
  const priceTicks = ticksOf(trade, whole, market);
  const booked = (quantity * BigInt(priceTicks) * market.tick) / UNIT;
  return {
    tradeId: String(trade.tradeId),
    clientId,
    instrument: market.instrument.id,
    side: trade.buyer ? 'buy' : 'sell',
    quantityLots,
    priceTicks,
    ...feeOf(
      trade,
      { commissions: whole.commissions, priceTicks, beyond: trade.buyer ? paid - booked : booked - paid },
      market,
    ),
    liquidity: trade.maker ? 'maker' : 'taker',
    marketMs: trade.timeMs,
    simulated,
  };
}

/** The price in ticks; between two ticks, the better one, and the rest is a cost. */
function ticksOf(
  { buyer, price }: RawTrade,
  { quantity, paid }: WholeTrade,
  { tick }: BinanceMarket,
): number {
  if (price % tick === 0n && paid === (quantity * price) / UNIT) return wholeSteps(price, tick);
  const [worth, step] = [paid * UNIT, quantity * tick];
  return Number(buyer ? worth / step : (worth + step - 1n) / step);
}

interface FeePaid {
  readonly commissions: Commissions;
  readonly priceTicks: number;
  /** What was paid, or not received, beyond the price in ticks; units of 1e-8 of the quote currency. */
  readonly beyond: bigint;
}

/**
 * A fee in the quote currency counts as it is (money units are 1e-8 too); a fee in the coin bought counts at
 * its worth at this price. A fee in another asset is reported by amount, and the engine values it at the
 * desk's own quote. Such a fee charges no cash, so an amount paid between two ticks stays a cash difference
 * for a person to explain. A fill names one fee asset: a fee that an earlier part below one lot paid in
 * another asset stays a difference too.
 */
function feeOf(
  { buyer, commissionAsset }: RawTrade,
  { commissions, priceTicks, beyond }: FeePaid,
  { instrument, lot }: BinanceMarket,
): Pick<Fill, 'fee' | 'feeIn'> {
  const commission = commissions.get(commissionAsset ?? '') ?? 0n;
  if (commission === 0n || commissionAsset === null) return { fee: Number(beyond) };
  if (commissionAsset === instrument.quote) return { fee: Number(commission + beyond) };
  const feeIn = { asset: commissionAsset, amount: formatUnits(commission) };
  if (commissionAsset !== instrument.base || !buyer) return { fee: 0, feeIn };
  const oneLot = worthUnits(1, priceTicks, instrument.moneyPerTickLot);
  return { fee: Number(mulDivUnits(commission, oneLot, lot)), feeIn };
}
