/**
 * The paper venue's state: changed only by applying records, so that replaying the file gives the same state.
 */
import { placesOf, scalesFor, stepsOf } from '../../domain/book-steps.js';
import { dividendMoney, type HandedAction, inLieuMoney, splitShares } from '../../domain/corporate-action.js';
import type { Instrument } from '../../domain/instrument.js';
import {
  formatUnits,
  mulDivUnits,
  parseUnits,
  readUnits,
  type Units,
  type WrittenUnits,
  worthUnits,
  writeUnits,
} from '../../domain/money.js';
import { countTraded, NOTHING_CHARGED, type Volumes, withFeesAt } from '../../domain/order-fee.js';
import { convertedUnits, isInCoin, isOwned, notional, VALUE, valuedAt } from '../../domain/value.js';
import type { CashMovement } from '../../domain/venue.js';
import type { BookRecord, PaperBookState, PaperFill, PaperOrder, PaperPosition } from './book-record.js';

/** How many finished orders and fills are kept for queries; the oldest are dropped first. */
const FINISHED_ORDERS_MAX = 2000;
const FILLS_MAX = 2000;
const ACTIONS_MAX = 100;
/** More than a week's worth: the desk looks no further back. */
const MOVEMENTS_MAX = 2000;

const NO_POSITION: PaperPosition = { quantityLots: 0, cost: 0 };
const NO_ORDERS: ReadonlySet<PaperOrder> = new Set();

export class PaperBook {
  readonly bookId: string;
  readonly currency: string;
  readonly prices: string;
  /** Money units, exact except for what is in `#finer`. */
  cashUnits: Units;
  /** Cash below a money unit, in units of 1e-12: an inverse contract pays out fractions. */
  #finer: Units;
  seenMs: number;
  idsGiven: number;
  fills: PaperFill[] = [];
  actions: readonly string[] = [];
  movements: readonly CashMovement[] = [];
  /** Market time up to which holding was charged, by symbol. */
  readonly charged: Map<string, number>;
  /** Open and finished orders, oldest first. */
  readonly orders = new Map<string, PaperOrder>();
  readonly positions = new Map<string, PaperPosition>();
  /** Remaining coins kept for fees, in units of 1e-8. */
  readonly stock = new Map<string, Units>();
  /** Some of its instruments are contracts: cash is not all that a purchase may cost. */
  readonly hasContracts: boolean;
  readonly #volumes: Volumes;
  readonly #openBySymbol = new Map<string, Set<PaperOrder>>();
  #openCount = 0;

  constructor(
    state: PaperBookState,
    /** Those of the desk, and of coins that were left behind when the desk file left their instrument out. */
    readonly instruments: ReadonlyMap<string, Instrument>,
  ) {
    this.hasContracts = [...instruments.values()].some((one) => !isOwned(one));
    this.bookId = state.bookId;
    this.currency = state.currency;
    this.prices = state.prices;
    this.cashUnits = readUnits(state.cash);
    this.#finer = readUnits(state.finerCash ?? 0);
    for (const [asset, amount] of Object.entries(state.stock ?? {}))
      this.stock.set(asset, parseUnits(amount));
    this.seenMs = state.seenMs;
    this.idsGiven = state.idsGiven;
    this.fills = [...state.fills];
    this.actions = state.actions ?? [];
    this.movements = state.movements ?? [];
    this.charged = new Map(state.charged);
    this.#volumes = new Map(state.volumes);
    for (const [symbol, position] of state.positions) this.positions.set(symbol, position);
    for (const order of state.orders) this.#addOrder({ ...order });
  }

  /** Money units; above 2^53 the nearest representable number. */
  get cash(): number {
    return Number(this.cashUnits);
  }

  position(symbol: string): PaperPosition {
    return this.positions.get(symbol) ?? NO_POSITION;
  }

  openOrders(symbol: string): ReadonlySet<PaperOrder> {
    return this.#openBySymbol.get(symbol) ?? NO_ORDERS;
  }

  /** The order's instrument, with the fees that a fill of it has at this moment. */
  priced({ symbol, charged }: Pick<PaperOrder, 'symbol' | 'charged'>, marketMs: number): Instrument {
    const instrument = withFeesAt(this.instruments.get(symbol) as Instrument, this.#volumes, marketMs);
    const { lotFees } = instrument;
    if (lotFees === undefined || charged?.perLot === undefined) return instrument;
    return { ...instrument, lotFees: { ...lotFees, perLot: charged.perLot } };
  }

  get openOrderCount(): number {
    return this.#openCount;
  }

  *allOpenOrders(): Generator<PaperOrder> {
    for (const orders of this.#openBySymbol.values()) yield* orders;
  }

  apply(record: Exclude<BookRecord, { type: 'state' }>): void {
    switch (record.type) {
      case 'order':
        this.idsGiven += 1;
        this.#addOrder({ ...record.order });
        break;
      case 'fill':
        this.idsGiven += 1;
        this.#addFill(record.fill);
        break;
      case 'closed': {
        const order = this.orders.get(record.clientId);
        if (order) this.#finish(order, record.state);
        break;
      }
      case 'amended': {
        const order = this.orders.get(record.clientId);
        if (order) {
          order.quantityLots = record.quantityLots;
          order.amendments = (order.amendments ?? 0) + 1;
        }
        break;
      }
      case 'triggered': {
        const order = this.orders.get(record.clientId);
        if (order) order.triggered = true;
        break;
      }
      case 'action':
        this.#takeAction(record.handed);
        break;
      case 'charged': {
        const { symbol, marketMs, movement } = record;
        this.charged.set(symbol, marketMs);
        if (movement === undefined) break;
        this.cashUnits += parseUnits(movement.amount);
        this.movements = [...this.movements, movement].slice(-MOVEMENTS_MAX);
        break;
      }
      case 'seen':
        this.seenMs = record.marketMs;
    }
  }

  /** The same account in the steps of these instruments. What is held of another one stays, with its instrument. */
  under(instruments: ReadonlyMap<string, Instrument>): PaperBook {
    const known = new Map(instruments);
    const positions = [...this.positions].map(([symbol, position]) => {
      const old = this.instruments.get(symbol);
      const now = instruments.get(symbol) ?? old;
      if (old === undefined || now === undefined) return [symbol, position] as const;
      known.set(symbol, now);
      return [symbol, inLotsOf(now, old, position)] as const;
    });
    return new PaperBook({ ...this.state(), positions }, known);
  }

  state(): PaperBookState {
    return {
      bookId: this.bookId,
      currency: this.currency,
      prices: this.prices,
      instruments: [...this.instruments.values()],
      cash: writeUnits(this.cashUnits),
      ...(this.#finer === 0n ? {} : { finerCash: writeUnits(this.#finer) }),
      ...(this.stock.size === 0 ? {} : { stock: this.#stockLeft() }),
      idsGiven: this.idsGiven,
      seenMs: this.seenMs,
      positions: [...this.positions],
      orders: [...this.orders.values()],
      fills: this.fills,
      ...(this.actions.length === 0 ? {} : { actions: this.actions }),
      ...(this.charged.size === 0 ? {} : { charged: [...this.charged] }),
      ...(this.#volumes.size === 0 ? {} : { volumes: [...this.#volumes] }),
      ...(this.movements.length === 0 ? {} : { movements: this.movements }),
    };
  }

  /**
   * Everything in the account, as decimal text by currency: cash, coins including what is below a lot, coins
   * kept for fees.
   */
  holdings(): ReadonlyMap<string, string> {
    const held = new Map([
      [this.currency, formatUnits(this.cashUnits)],
      ...Object.entries(this.#stockLeft()),
    ]);
    for (const [symbol, position] of this.positions) {
      const instrument = this.instruments.get(symbol);
      if (instrument === undefined || !isOwned(instrument)) continue;
      const places = placesOf(scalesFor([instrument], new Map()), instrument.base);
      const own = coinsOf(instrument, position) + parseUnits(held.get(instrument.base) ?? '0', places);
      held.set(instrument.base, formatUnits(own, places));
    }
    return held;
  }

  #stockLeft(): Record<string, string> {
    return Object.fromEntries([...this.stock].map(([asset, units]) => [asset, formatUnits(units)]));
  }

  #addOrder(order: PaperOrder): void {
    this.orders.set(order.clientId, order);
    if (order.state !== 'working' && order.state !== 'partlyFilled') return;
    const open = this.#openBySymbol.get(order.symbol) ?? new Set();
    open.add(order);
    this.#openBySymbol.set(order.symbol, open);
    this.#openCount += 1;
  }

  #addFill(fill: PaperFill): void {
    this.fills.push(fill);
    if (this.fills.length > 2 * FILLS_MAX) this.fills = this.fills.slice(-FILLS_MAX);
    this.seenMs = Math.max(this.seenMs, fill.marketMs);
    this.#settle(fill);
    const order = this.orders.get(fill.clientId);
    const instrument = this.instruments.get(fill.symbol);
    if (order) this.#charge(order, fill);
    if (instrument) countTraded(this.#volumes, instrument, fill);
    if (!order) return;
    order.filledLots += fill.quantityLots;
    if (order.filledLots >= order.quantityLots) this.#finish(order, 'filled');
    else order.state = 'partlyFilled';
  }

  #charge(order: PaperOrder, fill: PaperFill): void {
    const { symbol, quantityLots, priceTicks, fee, rate = 1, marketMs } = fill;
    const instrument = this.instruments.get(symbol);
    if (instrument?.lotFees === undefined) return;
    const { lots, value, fee: before } = order.charged ?? NOTHING_CHARGED;
    const perLot = this.priced(order, marketMs).lotFees?.perLot;
    order.charged = {
      lots: lots + quantityLots,
      value: value + notional(valuedAt(instrument, rate), quantityLots, priceTicks),
      fee: before + fee,
      ...(instrument.feeTiers === undefined || perLot === undefined ? {} : { perLot }),
    };
  }

  /**
   * Owned instruments move cash by their full value, contracts only by the result of what they close. Both
   * pay the fee.
   */
  #settle(fill: PaperFill): void {
    const { symbol, side, quantityLots, priceTicks, fee, feeIn, rate } = fill;
    const instrument = this.instruments.get(symbol);
    if (!instrument)
      throw new Error(`the paper book has a fill of ${symbol}, which is not an instrument of the desk`);
    if (isInCoin(instrument)) {
      this.#settleInCoin(instrument, fill);
      return;
    }
    const before = this.position(symbol);
    const sign = side === 'buy' ? 1 : -1;
    const per = instrument.moneyPerTickLot;
    const closing =
      before.quantityLots * sign < 0 ? Math.min(quantityLots, Math.abs(before.quantityLots)) : 0;
    const heldCost = readUnits(before.cost);
    const closedCost =
      closing === 0 ? 0n : mulDivUnits(heldCost, BigInt(closing), BigInt(Math.abs(before.quantityLots)));
    const opened = worthUnits((quantityLots - closing) * sign, priceTicks, per);
    const kept = feeIn?.asset === instrument.base && side === 'buy' ? feeIn.amount : null;
    const coins = left(instrument, before.quantityLots + sign * quantityLots, before.remainder, kept);
    const cost = coins.quantityLots === 0 ? 0 : writeUnits(heldCost - closedCost + opened);
    if (coins.remainder !== undefined) this.positions.set(symbol, { ...coins, cost });
    else if (coins.quantityLots !== 0) this.positions.set(symbol, { quantityLots: coins.quantityLots, cost });
    else this.positions.delete(symbol);
    const paid = isOwned(instrument)
      ? worthUnits(sign * quantityLots, priceTicks, per)
      : convertedUnits(worthUnits(sign * closing, priceTicks, per) + closedCost, rate);
    this.cashUnits -= paid + (feeIn === undefined ? BigInt(fee) : 0n);
    if (feeIn !== undefined && kept === null)
      this.stock.set(feeIn.asset, (this.stock.get(feeIn.asset) ?? 0n) - parseUnits(feeIn.amount));
  }

  /** A coin amount is a quotient: it has as many places as in the desk's books, so that the two agree. */
  #settleInCoin(instrument: Instrument, { symbol, side, quantityLots, priceTicks, fee }: PaperFill): void {
    const { kind, perTickLot, perMoney } = stepsOf(instrument, scalesFor([instrument], new Map()));
    const costOf = (lots: number): Units => VALUE[kind].cost(perTickLot, lots, priceTicks);
    const { quantityLots: held, cost } = this.position(symbol);
    const heldCost = BigInt(Math.round(Number(cost) * Number(perMoney)));
    const signed = side === 'buy' ? quantityLots : -quantityLots;
    const leaving = held * signed < 0 ? Math.sign(held) * Math.min(quantityLots, Math.abs(held)) : 0;
    const costOut = leaving === 0 ? 0n : mulDivUnits(heldCost, BigInt(leaving), BigInt(held));
    const lots = held + signed;
    const left = heldCost - costOut + costOf(signed + leaving);
    if (lots === 0) this.positions.delete(symbol);
    else this.positions.set(symbol, { quantityLots: lots, cost: Number(left) / Number(perMoney) });
    const result = costOf(leaving) - costOut - BigInt(fee) * perMoney;
    const cash = this.cashUnits * perMoney + this.#finer + result;
    this.cashUnits = cash / perMoney;
    this.#finer = cash % perMoney;
  }

  /** A split turns old shares into new ones, with cash for what no lot can hold; a dividend pays cash. */
  #takeAction({ actionId, action, priceTicks }: HandedAction): void {
    const instrument = this.instruments.get(action.symbol);
    if (instrument === undefined) return;
    this.actions = [...this.actions, actionId].slice(-ACTIONS_MAX);
    const before = this.position(action.symbol);
    const scales = scalesFor([instrument], new Map());
    const held = coinsOf(instrument, before);
    if (action.kind === 'dividend') {
      this.cashUnits += dividendMoney(held, action.perShare, placesOf(scales, instrument.base));
      return;
    }
    const steps = stepsOf(instrument, scales);
    const { lots, over } = splitShares(held, action, steps);
    this.cashUnits += inLieuMoney(over, action, priceTicks, steps);
    if (lots === 0n) this.positions.delete(action.symbol);
    else {
      const heldCost = readUnits(before.cost);
      const costOut = over === 0n ? 0n : mulDivUnits(heldCost, over, held * BigInt(action.numerator));
      const cost = writeUnits(heldCost - costOut);
      this.positions.set(action.symbol, { quantityLots: Number(lots), cost });
    }
  }

  #finish(order: PaperOrder, state: 'filled' | 'cancelled' | 'expired'): void {
    order.state = state;
    if (this.#openBySymbol.get(order.symbol)?.delete(order)) this.#openCount -= 1;
    if (this.orders.size <= this.#openCount + 2 * FINISHED_ORDERS_MAX) return;
    let excess = this.orders.size - this.#openCount - FINISHED_ORDERS_MAX;
    for (const [clientId, old] of this.orders) {
      if (excess <= 0) break;
      if (old.state === 'working' || old.state === 'partlyFilled') continue;
      this.orders.delete(clientId);
      excess -= 1;
    }
  }
}

/** The book as a state begins it. A state of an earlier version doesn't name its instruments: it gets today's. */
export function bookAsWritten(state: PaperBookState, today: ReadonlyMap<string, Instrument>): PaperBook {
  return new PaperBook(state, state.instruments === undefined ? today : bySymbol(state.instruments));
}

export function bySymbol(instruments: readonly Instrument[]): ReadonlyMap<string, Instrument> {
  return new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
}

type Coins = Omit<PaperPosition, 'cost'>;

/** In units of the coin, at its books' scale. */
function coinsOf(instrument: Instrument, { quantityLots, remainder = 0 }: Coins): Units {
  const { perLot } = stepsOf(instrument, scalesFor([instrument], new Map()));
  return BigInt(quantityLots) * perLot + readUnits(remainder);
}

/** Whole lots and the remainder below one. */
function inLots(units: Units, perLot: Units): Coins {
  const below = units % perLot;
  const quantityLots = Number(units / perLot);
  return below === 0n ? { quantityLots } : { quantityLots, remainder: writeUnits(below) };
}

/** As many coins as before, cut to what the new books can tell. */
function inLotsOf(now: Instrument, old: Instrument, position: PaperPosition): PaperPosition {
  if (now.lotSize === old.lotSize) return position;
  const [scales, before] = [scalesFor([now], new Map()), scalesFor([old], new Map())];
  const coarser = 10n ** BigInt(placesOf(before, old.base));
  const coins = (coinsOf(old, position) * 10n ** BigInt(placesOf(scales, now.base))) / coarser;
  const held = inLots(coins, stepsOf(now, scales).perLot);
  return { ...held, cost: held.quantityLots === 0 ? 0 : position.cost };
}

/** What is held after a fee in coins. */
function left(
  instrument: Instrument,
  quantityLots: number,
  remainder: WrittenUnits | undefined,
  kept: string | null,
): Coins {
  const held = remainder === undefined ? { quantityLots } : { quantityLots, remainder };
  if (kept === null) return held;
  const scales = scalesFor([instrument], new Map());
  const { perLot } = stepsOf(instrument, scales);
  return inLots(coinsOf(instrument, held) - parseUnits(kept, placesOf(scales, instrument.base)), perLot);
}
