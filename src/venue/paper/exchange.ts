/** The paper venue's trading floor: matches open orders against the market and records each fill. */
import type { BookLevel, MarketEvent, QuoteEvent } from '../../contracts/market-feed.js';
import { type CorporateAction, splitPrice } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { dearerTicks, isOwned, rateAt, valuedAt } from '../../domain/value.js';
import type { AwaitedPrices } from '../../engine/flow/quote.js';
import { type Awaited, quoteAt, quoteOnTheWay } from '../bar-path.js';
import { spendable } from './admission.js';
import { Arrivals, onTheWallClock, type Schedule } from './arrivals.js';
import type { PaperBook } from './book.js';
import type { PaperFill, PaperOrder } from './book-record.js';
import { affordableLots, type FeeRules, feeOf, type PaperFee } from './fees.js';
import { ALWAYS, type PaperHours } from './hours.js';
import {
  awaitedTicks,
  type Execution,
  executeAtQuote,
  executeAtTrade,
  goesOff,
  type LimitFill,
  takerPrice,
} from './matching.js';

export interface ExchangeRules extends FeeRules {
  readonly slippageTicks: number;
  readonly latencyMs: number;
  /** Fill no more than the size on the other side of the quote, if known. */
  readonly limitToQuoteSize: boolean;
  /** When a quote fills a resting limit order; absent: when it touches the limit. */
  readonly limitFill?: LimitFill;
  /**
   * All orders together get no more than this part of the size at each price, in parts per million; what a
   * closing order or a triggered stop did not get waits for the next price. Absent: no such limit.
   */
  readonly volumePartPpm?: number;
}

type LevelLeft = { -readonly [K in keyof BookLevel]: BookLevel[K] };

/** What an order may get at one price. */
interface Portion {
  readonly execution: Execution;
  readonly lots: number;
}

interface ExchangeOutput {
  fill(fill: PaperFill): void;
  expired(order: PaperOrder): void;
  /** The market has reached a stop's trigger; the stop continues as an order of another kind. */
  triggered(order: PaperOrder): void;
}

export class Exchange {
  readonly #quotes = new Map<string, QuoteEvent>();
  /** Of bars, by symbol: from which of its prices to which the market is under way. Only the venue knows the latter yet. */
  readonly #ways = new Map<string, { readonly from: QuoteEvent; readonly next: QuoteEvent }>();
  readonly #arrivals: Arrivals;
  /** Acknowledged and arrived: these can be matched. */
  readonly #resting = new Set<string>();
  /** Lots left at each symbol's newest price, by the side that takes them. */
  readonly #left = new Map<string, { buy: number; sell: number }>();
  /** Where books are recorded: what is left of each level of a symbol's newest one, best first, by the side that takes it. */
  readonly #levels = new Map<string, { readonly buy: LevelLeft[]; readonly sell: LevelLeft[] }>();

  constructor(
    private readonly book: PaperBook,
    private readonly instruments: readonly Instrument[],
    private readonly rules: ExchangeRules,
    private readonly output: ExchangeOutput,
    schedule: Schedule = onTheWallClock,
    private readonly isOpen: PaperHours = ALWAYS,
  ) {
    this.#arrivals = new Arrivals(rules.latencyMs, (order) => this.#arriveAtLastQuote(order), schedule);
    // After a restart every open order has long since arrived.
    for (const order of book.allOpenOrders()) this.#resting.add(order.clientId);
  }

  /** The order is acknowledged: it is in flight from now on. */
  acknowledge(order: PaperOrder): void {
    if (isOpen(order)) this.#arrivals.add(order);
  }

  /** The order was cancelled. */
  forget(clientId: string): void {
    this.#arrivals.remove(clientId);
    this.#resting.delete(clientId);
  }

  close(): void {
    this.#arrivals.clear();
  }

  /** The most that a lot of an order would cost or bring, in ticks; null if no price is known. */
  reserveTicks(
    symbol: string,
    order: Pick<PaperOrder, 'side' | 'type' | 'limitTicks' | 'stopTicks'>,
  ): number | null {
    if (order.type === 'stop') {
      if (order.stopTicks === null) return null;
      const worst = order.limitTicks ?? order.stopTicks + this.rules.slippageTicks;
      return dearerTicks(this.#instrument(symbol), order.stopTicks, worst);
    }
    if (order.limitTicks !== null || order.type === 'limit') return order.limitTicks;
    const quote = this.#quotes.get(symbol);
    return quote ? takerPrice(order.side === 'buy', quote, this.rules.slippageTicks) : null;
  }

  /**
   * The value of the quote currency in the book's: 1 if they are the same, NaN until the converting price is
   * known.
   */
  rate({ conversion }: Pick<Instrument, 'conversion'>): number {
    if (conversion === undefined) return 1;
    const quote = this.#quotes.get((this.instruments[conversion.by] as Instrument).symbol);
    return quote === undefined ? Number.NaN : rateAt(conversion, quote.bidTicks, quote.askTicks);
  }

  /** Null before the first quote. */
  quote(symbol: string): QuoteEvent | null {
    return this.#quotes.get(symbol) ?? null;
  }

  /**
   * Before a split: ends the open orders of the symbol, as a broker does. If the market is closed, its last
   * quote is converted to new shares. If it is open, the last quote may be in old or new shares: there is no
   * price until the next one. A dividend changes neither.
   */
  beforeAction(action: CorporateAction): void {
    if (action.kind === 'dividend') return;
    for (const order of [...this.book.openOrders(action.symbol)]) this.#expire(order);
    this.#levels.delete(action.symbol);
    const quote = this.#quotes.get(action.symbol);
    if (quote === undefined) return;
    if (this.isOpen(quote.instrument)) {
      this.#quotes.delete(action.symbol);
      return;
    }
    const [bidTicks, askTicks] = [splitPrice(quote.bidTicks, action), splitPrice(quote.askTicks, action)];
    this.#quotes.set(action.symbol, { ...quote, bidTicks, askTicks });
  }

  onMarket(event: MarketEvent): void {
    if (event.kind === 'quote') this.onQuote(event, false);
    else if (event.kind === 'trade') this.#onTrade(event);
  }

  /**
   * `caughtUp`: the quote comes from a minute in which no trader ran. Only orders that had arrived by `arrivedByMs`
   * are matched with it.
   */
  onQuote(quote: QuoteEvent, caughtUp: boolean, arrivedByMs = quote.marketMs): void {
    if (!this.isOpen(quote.instrument, quote.marketMs)) return;
    const symbol = (this.instruments[quote.instrument] as Instrument).symbol;
    this.#quotes.set(symbol, quote);
    this.#offer(symbol, quote);
    const open = this.book.openOrders(symbol);
    if (open.size === 0) return;
    for (const order of [...open]) {
      if (this.#resting.has(order.clientId)) {
        if (!caughtUp || order.arrivesAtMs <= arrivedByMs) this.#match(order, quote, true, caughtUp);
      } else if (this.#arrivals.has(order) && order.arrivesAtMs <= arrivedByMs) {
        this.#arrive(order, quote);
      }
    }
  }

  /**
   * Inside a bar, before its next quote: the earliest quote on the way at whose price an order of the book is filled or
   * triggered, or the desk itself acts (`awaited`; null: nothing waits in the desk), or at whose time the desk acts or
   * anything arrives (`momentMs`). Null: there is none. A bar's volume belongs to its four prices, so nothing is filled
   * between them if volume counts.
   */
  onTheWay(
    next: QuoteEvent,
    nowMs: number,
    awaited: (at: InstrumentId) => AwaitedPrices | null,
    momentMs = Number.POSITIVE_INFINITY,
  ): QuoteEvent | null {
    const { limitFill, volumePartPpm } = this.rules;
    if (next.wayFromMs === undefined || volumePartPpm !== undefined) return null;
    const { symbol } = this.instruments[next.instrument] as Instrument;
    const orders = this.book.openOrders(symbol);
    const inDesk = awaited(next.instrument);
    // Asked for each price of each instrument: nearly always nothing waits, or not there.
    if (orders.size === 0 && inDesk === null && momentMs >= next.marketMs) return null;
    const last = this.#quotes.get(symbol);
    // While the market was closed its prices were skipped: the last one is not where this way begins.
    if (last === undefined || last.marketMs < next.wayFromMs) return null;
    const waits: Awaited[] = [];
    const bid = (bidTicks: number, fromMs: number): void => {
      if ((bidTicks - last.bidTicks) * (bidTicks - next.bidTicks) < 0) waits.push({ bidTicks, fromMs });
    };
    const ask = (askTicks: number, fromMs: number): void => {
      if ((askTicks - last.askTicks) * (askTicks - next.askTicks) < 0) waits.push({ askTicks, fromMs });
    };
    for (const order of orders) {
      const ticks = awaitedTicks(order, limitFill);
      if (ticks !== null) (order.side === 'buy' ? ask : bid)(ticks, order.arrivesAtMs);
    }
    for (const bidTicks of inDesk?.bids ?? []) bid(bidTicks, Number.NEGATIVE_INFINITY);
    for (const askTicks of inDesk?.asks ?? []) ask(askTicks, Number.NEGATIVE_INFINITY);
    const moments = [momentMs, inDesk?.fromMs ?? Number.POSITIVE_INFINITY];
    if (waits.length === 0 && !moments.some((atMs) => atMs < next.marketMs)) return null;
    const isOpenAt = (atMs: number): boolean => this.isOpen(next.instrument, atMs);
    const from = this.#wayFrom(symbol, last, next);
    let found = quoteOnTheWay(from, next, waits, nowMs, isOpenAt);
    for (const moment of moments) {
      const atMs = Math.max(moment, nowMs);
      if (atMs > last.marketMs && atMs < (found ?? next).marketMs && isOpenAt(atMs))
        found = quoteAt(from, next, atMs);
    }
    return found;
  }

  /** A quote between two of a bar's prices is rounded: the way goes from the one to the other, not from there. */
  #wayFrom(symbol: string, last: QuoteEvent, next: QuoteEvent): QuoteEvent {
    const way = this.#ways.get(symbol);
    if (way?.next === next) return way.from;
    this.#ways.set(symbol, { from: last, next });
    return last;
  }

  /** Market time at which the next order in flight arrives. Infinity: none is. */
  get nextArrivalMs(): number {
    return this.#arrivals.next()?.arrivesAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** After the prices of this time: orders that arrive by then meet them, and so do those that follow from it. */
  arriveBy(marketMs: number): void {
    for (let order = this.#arrivals.next(); order !== undefined; order = this.#arrivals.next()) {
      if (order.arrivesAtMs > marketMs) return;
      this.#arrivals.remove(order.clientId);
      this.#arriveAtLastQuote(order);
    }
  }

  /** False if an order may react to this quote, or on the way to it. */
  mayPass(quote: QuoteEvent): boolean {
    const { instrument, marketMs } = quote;
    const { symbol } = this.instruments[instrument] as Instrument;
    for (const order of this.book.openOrders(symbol))
      if (this.isOpen(instrument, marketMs) && this.#mayAnswer(order, quote)) return false;
    return true;
  }

  /** Takes a quote to which no order reacts. */
  pass(quote: QuoteEvent): void {
    if (!this.isOpen(quote.instrument, quote.marketMs)) return;
    const { symbol } = this.instruments[quote.instrument] as Instrument;
    this.#quotes.set(symbol, quote);
    this.#offer(symbol, quote);
  }

  #mayAnswer(order: PaperOrder, quote: QuoteEvent): boolean {
    if (!this.#resting.has(order.clientId) || order.timeInForce !== 'GTC') return true;
    const { slippageTicks, limitFill } = this.rules;
    return goesOff(order, quote) || executeAtQuote(order, quote, true, slippageTicks, limitFill) !== null;
  }

  #onTrade(trade: Extract<MarketEvent, { kind: 'trade' }>): void {
    // The quote around a trade already offers its size, which must not be filled twice.
    if (this.rules.volumePartPpm !== undefined || !this.isOpen(trade.instrument, trade.marketMs)) return;
    const traded = this.instruments[trade.instrument] as Instrument;
    if (Number.isNaN(this.rate(traded))) return;
    const { symbol } = traded;
    for (const order of [...this.book.openOrders(symbol)]) {
      const execution = this.#resting.has(order.clientId) ? executeAtTrade(order, trade.priceTicks) : null;
      if (execution) this.#execute(order, execution, trade.quantityLots, trade.marketMs, false);
    }
  }

  #offer(symbol: string, { askLots, bidLots, book }: QuoteEvent): void {
    const { volumePartPpm } = this.rules;
    if (book === undefined && volumePartPpm === undefined) return;
    const part = (lots: number): number => Math.floor((lots * (volumePartPpm ?? WHOLE_PPM)) / WHOLE_PPM);
    if (book !== undefined) {
      const left = (levels: readonly BookLevel[]): LevelLeft[] =>
        levels.map(({ priceTicks, lots }) => ({ priceTicks, lots: part(lots) }));
      this.#levels.set(symbol, { buy: left(book.asks), sell: left(book.bids) });
    } else this.#left.set(symbol, { buy: part(askLots), sell: part(bidLots) });
  }

  #arriveAtLastQuote(order: PaperOrder): void {
    if (!isOpen(order)) return;
    const quote = this.isOpen(this.#instrument(order.symbol).id) ? this.#quoteNow(order) : undefined;
    if (quote) this.#arrive(order, { ...quote, marketMs: Math.max(quote.marketMs, order.arrivesAtMs) });
    else this.#resting.add(order.clientId);
  }

  /** A timer of the machine may come before the quote at that moment of a bar. */
  #quoteNow({ symbol, arrivesAtMs }: PaperOrder): QuoteEvent | undefined {
    const last = this.#quotes.get(symbol);
    const way = this.#ways.get(symbol);
    if (last === undefined || way === undefined || this.rules.volumePartPpm !== undefined) return last;
    const isOnWay = last.marketMs >= way.from.marketMs && last.marketMs < arrivesAtMs;
    return isOnWay && arrivesAtMs < way.next.marketMs ? quoteAt(way.from, way.next, arrivesAtMs) : last;
  }

  #arrive(order: PaperOrder, quote: QuoteEvent): void {
    this.#arrivals.remove(order.clientId);
    this.#resting.add(order.clientId);
    this.#match(order, quote, false, false);
  }

  #match(order: PaperOrder, quote: QuoteEvent, resting: boolean, caughtUp: boolean): void {
    // A result can't be booked unconverted: the order waits for the converting price.
    if (Number.isNaN(this.rate(this.#instrument(order.symbol)))) return;
    const { slippageTicks, limitFill, volumePartPpm } = this.rules;
    // An immediate order never rests, however late the first quote comes.
    const rests = resting && order.timeInForce === 'GTC';
    const execution = executeAtQuote(order, quote, rests, slippageTicks, limitFill);
    const size = order.side === 'buy' ? quote.askLots : quote.bidLots;
    // The market reached its price after it was accepted, while in flight.
    if (order.postOnly && !rests && execution) {
      this.#expire(order);
      return;
    }
    if (order.timeInForce === 'FOK' && execution) {
      if (this.#lotsFor(order, execution, size, quote.marketMs) < order.quantityLots) {
        this.#expire(order);
        return;
      }
    }
    // A stop without a worst price fills and ends, unless it waits for volume.
    const staysOn =
      order.limitTicks !== null || volumePartPpm !== undefined || this.#levels.has(order.symbol);
    if (staysOn && goesOff(order, quote)) this.output.triggered(order);
    if (execution) this.#execute(order, execution, size, quote.marketMs, caughtUp);
    // A taker never rests: the part that a thin book did not fill expires, as at the exchange.
    const takes = order.timeInForce !== 'GTC' || (execution !== null && !staysOn);
    if (takes && isOpen(order)) this.#expire(order);
  }

  #execute(
    order: PaperOrder,
    execution: Execution,
    sizeLots: number,
    marketMs: number,
    caughtUp: boolean,
  ): void {
    for (const portion of this.#portions(order, execution, sizeLots)) {
      const offered = Math.min(order.quantityLots - order.filledLots, portion.lots);
      const lots = Math.min(offered, this.#affordableLots(order, portion.execution, marketMs));
      if (lots > 0) this.#fill(order, portion.execution, lots, marketMs, caughtUp);
      if (!isOpen(order)) break;
      if (lots < offered) {
        this.#expire(order);
        return;
      }
    }
    if (!isOpen(order)) this.forget(order.clientId);
  }

  #fill(order: PaperOrder, execution: Execution, lots: number, marketMs: number, caughtUp: boolean): void {
    const instrument = this.book.priced(order, marketMs);
    const rate = this.rate(instrument);
    this.#take(order, lots);
    const { fee, feeIn } = this.#fee(order, valuedAt(instrument, rate), execution, lots);
    const fill: PaperFill = {
      tradeId: `p${this.book.bookId}-t${(this.book.idsGiven + 1).toString(36)}`,
      clientId: order.clientId,
      symbol: order.symbol,
      side: order.side,
      quantityLots: lots,
      priceTicks: execution.priceTicks,
      fee,
      liquidity: execution.liquidity,
      marketMs,
      caughtUp,
    };
    const isConverted = instrument.conversion !== undefined;
    if (feeIn === undefined && !isConverted) this.output.fill(fill);
    else
      this.output.fill({
        ...fill,
        ...(feeIn === undefined ? {} : { feeIn }),
        ...(isConverted ? { rate } : {}),
      });
  }

  /** Nothing that was offered is filled twice. */
  #take(order: PaperOrder, lots: number): void {
    let rest = lots;
    for (const level of this.#levels.get(order.symbol)?.[order.side] ?? NO_LEVELS) {
      const taken = Math.min(rest, level.lots);
      level.lots -= taken;
      rest -= taken;
    }
    const left = this.#leftOf(order);
    if (left !== undefined) left[order.side] -= lots;
  }

  /**
   * What the order is offered, price by price. From a book it takes level by level, as far as its limit goes; one that
   * rested gets what came to its limit, at its limit. Otherwise all is at one price.
   */
  #portions(order: PaperOrder, execution: Execution, sizeLots: number): readonly Portion[] {
    const levels = this.#levels.get(order.symbol)?.[order.side];
    if (levels === undefined) {
      const remaining = order.quantityLots - order.filledLots;
      const left = this.#leftOf(order);
      const size = this.rules.limitToQuoteSize && sizeLots > 0 ? sizeLots : remaining;
      return [{ execution, lots: left === undefined ? size : left[order.side] }];
    }
    const buy = order.side === 'buy';
    const limit = order.limitTicks ?? (buy ? Number.POSITIVE_INFINITY : 1);
    const within = levels.filter(({ priceTicks }) => (buy ? priceTicks <= limit : priceTicks >= limit));
    if (execution.liquidity === 'maker')
      return [{ execution, lots: within.reduce((sum, { lots }) => sum + lots, 0) }];
    return within.map(({ priceTicks, lots }) => {
      const top = { bidTicks: priceTicks, askTicks: priceTicks };
      const taken = takerPrice(buy, top, this.rules.slippageTicks);
      const price = buy ? Math.min(limit, taken) : Math.max(limit, taken);
      return { execution: { priceTicks: price, liquidity: 'taker' }, lots };
    });
  }

  /** How many lots the order would get. */
  #lotsFor(order: PaperOrder, execution: Execution, sizeLots: number, marketMs: number): number {
    const remaining = order.quantityLots - order.filledLots;
    let offered = 0;
    let worst = execution;
    for (const portion of this.#portions(order, execution, sizeLots)) {
      if (offered >= remaining) break;
      offered += portion.lots;
      worst = portion.execution;
    }
    return Math.min(remaining, offered, this.#affordableLots(order, worst, marketMs));
  }

  #leftOf({ symbol }: PaperOrder): { buy: number; sell: number } | undefined {
    return this.rules.volumePartPpm === undefined ? undefined : this.#left.get(symbol);
  }

  /**
   * A market buy may meet a price beyond its reserve: it gets what the cash that contracts don't take can pay for. A
   * reduce-only order ends at flat.
   */
  #affordableLots(order: PaperOrder, execution: Execution, marketMs: number): number {
    const instrument = this.book.priced(order, marketMs);
    const held = this.book.position(order.symbol).quantityLots;
    if (!isOwned(instrument))
      return order.reduceOnly ? Math.max(0, order.side === 'buy' ? -held : held) : Number.POSITIVE_INFINITY;
    if (order.side === 'sell') return Math.max(0, held);
    const { priceTicks, liquidity } = execution;
    const basis = { charged: order.charged, priceTicks, liquidity };
    return affordableLots(
      this.rules,
      instrument,
      basis,
      spendable(this.book, { quote: (of) => this.quote(of), rate: (of) => this.rate(of) }),
      order.quantityLots - order.filledLots,
    );
  }

  #fee({ side, charged }: PaperOrder, instrument: Instrument, execution: Execution, lots: number): PaperFee {
    const bid = (of: string) => this.#quotes.get(of)?.bidTicks ?? null;
    const { priceTicks, liquidity } = execution;
    const basis = { charged, side, lots, priceTicks, liquidity };
    return feeOf(this.rules, instrument, basis, this.book, bid);
  }

  #expire(order: PaperOrder): void {
    this.forget(order.clientId);
    this.output.expired(order);
  }

  #instrument(symbol: string): Instrument {
    return this.book.instruments.get(symbol) as Instrument;
  }
}

const WHOLE_PPM = 1_000_000;
const NO_LEVELS: readonly LevelLeft[] = [];

export function isOpen(order: PaperOrder): boolean {
  return order.state === 'working' || order.state === 'partlyFilled';
}
