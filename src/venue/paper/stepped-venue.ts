/**
 * The paper venue for a run that is a pure function of its prices: the same book, rules and matching as
 * `PaperVenue`, but every answer comes at once and the caller provides the time. Stores nothing on disk.
 */
import type { MarketEvent, QuoteEvent } from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import type { HandedAction } from '../../domain/corporate-action.js';
import type { HoldingCost } from '../../domain/holding-cost.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { Fill, OrderIntent } from '../../domain/order.js';
import type { QuoteColumns } from '../../domain/quote-columns.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type {
  AmendOutcome,
  CancelOutcome,
  QuantityLimits,
  ReplaceOutcome,
  SendOutcome,
  VenueOrder,
} from '../../domain/venue.js';
import type { VenueSnapshot } from '../../engine/event.js';
import type { AwaitedPrices } from '../../engine/flow/quote.js';
import type { Approved } from '../../limits/gate.js';
import type { VenueStreamEvent } from '../port.js';
import type { Schedule } from './arrivals.js';
import { PaperBook } from './book.js';
import type { PaperFill } from './book-record.js';
import { paperLimits } from './capabilities.js';
import { Exchange, type ExchangeRules } from './exchange.js';
import { HoldingCharges } from './holding-charges.js';
import { paperHours } from './hours.js';
import { stockOf } from './open-book.js';
import { OrderDesk, type Write } from './order-desk.js';
import { fillOf, venueOrderOf } from './translate.js';

export interface SteppedVenueOptions {
  readonly instruments: readonly Instrument[];
  readonly paper: Desk['paper'];
  /** Money units at the beginning. */
  readonly cash: number;
  /** Six characters: part of every venue id and trade id. */
  readonly bookId: string;
  /** The caller's timer: schedules the arrival of orders after their latency. */
  readonly schedule: Schedule;
  readonly marketNowMs: () => number;
  /** When each market is open, by instrument id; absent: always. */
  readonly calendars?: readonly SessionCalendar[];
  /** What holding each instrument costs, by its id; absent: nothing is charged. */
  readonly holdingCosts?: readonly (HoldingCost | null)[];
  readonly onEvent: (event: VenueStreamEvent) => void;
  readonly fills?: Pick<ExchangeRules, 'limitFill' | 'volumePartPpm'>;
}

export class SteppedPaperVenue {
  readonly #book: PaperBook;
  readonly #exchange: Exchange;
  readonly #desk: OrderDesk;
  readonly #charges: HoldingCharges;
  readonly #write: Write = (record) => this.#book.apply(record);
  readonly #ids: ReadonlyMap<string, InstrumentId>;
  readonly #symbols: readonly string[];
  /** How often quotes were passed, and by instrument when it was last among them. */
  #passes = 0;
  readonly #passedIn: Float64Array;
  readonly #limits: readonly QuantityLimits[];

  constructor(options: SteppedVenueOptions) {
    const { instruments, paper, cash, bookId, onEvent } = options;
    this.#ids = new Map(instruments.map(({ symbol, id }) => [symbol, id]));
    this.#symbols = instruments.map(({ symbol }) => symbol);
    this.#passedIn = new Float64Array(instruments.length);
    this.#limits = paperLimits(instruments);
    const begin = {
      bookId,
      currency: paper.currency,
      prices: 'of this run',
      cash,
      idsGiven: 0,
      seenMs: 0,
      ...stockOf(paper),
    };
    const bySymbol = new Map(instruments.map((instrument) => [instrument.symbol, instrument]));
    this.#book = new PaperBook({ ...begin, positions: [], orders: [], fills: [] }, bySymbol);
    const output = {
      fill: (fill: Parameters<typeof fillOf>[0]) => {
        this.#book.apply({ type: 'fill', fill });
        onEvent({ kind: 'fill', fill: fillOf(fill, this.#id(fill.symbol)) });
      },
      expired: (order: Parameters<typeof venueOrderOf>[0]) => {
        this.#book.apply({ type: 'closed', clientId: order.clientId, state: 'expired' });
        onEvent({ kind: 'order', order: venueOrderOf(order, this.#id(order.symbol)) });
      },
      triggered: ({ clientId }: Parameters<typeof venueOrderOf>[0]) =>
        this.#book.apply({ type: 'triggered', clientId }),
    };
    const rules = { ...paper, limitToQuoteSize: false, ...options.fills };
    const { marketNowMs } = options;
    const isOpen = paperHours(options.calendars, marketNowMs);
    this.#exchange = new Exchange(this.#book, instruments, rules, output, options.schedule, isOpen);
    const parts = { book: this.#book, exchange: this.#exchange };
    this.#desk = new OrderDesk({ ...parts, instruments, paper, marketNowMs, isOpen });
    const { holdingCosts } = options;
    this.#charges = new HoldingCharges(this.#book, this.#exchange, instruments, holdingCosts, (record) => {
      this.#book.apply(record);
      if (record.movement !== undefined) onEvent({ kind: 'movement', movement: record.movement });
    });
    this.#charges.passTo(marketNowMs());
  }

  /** Market time of the next charge for holding. Infinity: never. */
  get nextChargeMs(): number {
    return this.#charges.nextMs;
  }

  /** Takes the charges due before this time. */
  chargeUntil(marketMs: number): void {
    this.#charges.passTo(marketMs);
  }

  /** Cash, money units. */
  get cash(): number {
    return this.#book.cash;
  }

  /** Everything in the account, as decimal text by currency. */
  holdings(): ReadonlyMap<string, string> {
    return this.#book.holdings();
  }

  /** The position in signed lots. */
  positionLots(symbol: string): number {
    return this.#book.position(symbol).quantityLots;
  }

  /** Must be called before the engine sees the event. */
  onMarket(event: MarketEvent): void {
    this.#exchange.onMarket(event);
  }

  /** See `Exchange.onTheWay`. */
  onTheWay(
    next: QuoteEvent,
    nowMs: number,
    awaited: (at: InstrumentId) => AwaitedPrices | null,
    momentMs?: number,
  ): QuoteEvent | null {
    return this.#exchange.onTheWay(next, nowMs, awaited, momentMs);
  }

  /** Market time at which an order arrives or a holding is charged next, whatever prices come. Infinity: nothing is. */
  get nextMomentMs(): number {
    return Math.min(this.#exchange.nextArrivalMs, this.#charges.nextHeldMs);
  }

  /** See `Exchange.arriveBy`. */
  arriveBy(marketMs: number): void {
    this.#exchange.arriveBy(marketMs);
  }

  /** Ends them before the first one that an order may answer, or whose way passes its price. */
  narrow(quotes: QuoteColumns): void {
    if (this.#book.openOrderCount === 0) return;
    for (let place = quotes.from; place < quotes.seen; place += 1) {
      if (quotes.isBar(place) || !quotes.mayEndAt(place)) continue;
      if (!this.#hasOpenOrders(quotes.instrument[place] as number)) continue;
      if (!this.#exchange.mayPass(quoteAt(quotes, place))) quotes.endBefore(place);
    }
  }

  /** Takes those before `until`, which no order answers: only the last one of each instrument is of use. */
  pass(quotes: QuoteColumns, until: number, alone?: QuoteEvent): void {
    this.#passes += 1;
    for (let place = until - 1; place >= quotes.from; place -= 1) {
      const at = quotes.instrument[place] as number;
      if (this.#passedIn[at] === this.#passes || quotes.isBar(place)) continue;
      this.#passedIn[at] = this.#passes;
      this.#exchange.pass(alone ?? quoteAt(quotes, place));
    }
  }

  #hasOpenOrders(at: InstrumentId): boolean {
    return this.#book.openOrders(this.#symbols[at] as string).size > 0;
  }

  submit(intent: Approved<OrderIntent>): SendOutcome {
    const outcome = this.#desk.submit(intent, this.#write);
    if (outcome.kind === 'accepted') this.#desk.acknowledge(intent.clientId);
    return outcome;
  }

  cancel(clientId: string, instrument: InstrumentId): CancelOutcome {
    return this.#desk.cancel(clientId, instrument, this.#write);
  }

  amendQuantity(clientId: string, instrument: InstrumentId, quantityLots: number): AmendOutcome {
    return this.#desk.amend(clientId, instrument, quantityLots, this.#write);
  }

  replace(clientId: string, order: Approved<OrderIntent>): ReplaceOutcome {
    const outcome = this.#desk.replace(clientId, order, this.#write);
    if (outcome.kind === 'replaced') this.#desk.acknowledge(order.clientId);
    return outcome;
  }

  takeAction(handed: HandedAction): void {
    this.#desk.takeAction(handed, this.#write);
  }

  orderByClientId(clientId: string): VenueOrder | null {
    const order = this.#book.orders.get(clientId);
    return order === undefined ? null : venueOrderOf(order, this.#id(order.symbol));
  }

  /** Everything that the engine reconciles against. */
  snapshot(requestId: number, sinceTradeMs: number): VenueSnapshot {
    const positions = [...this.#book.positions].map(([symbol, { quantityLots }]) => ({
      instrument: this.#id(symbol),
      quantityLots,
    }));
    const openOrders = [...this.#book.allOpenOrders()].map((o) => venueOrderOf(o, this.#id(o.symbol)));
    return {
      requestId,
      positions,
      openOrders,
      fills: this.#fillsSince(sinceTradeMs),
      cash: this.#book.cashUnits,
      quantityLimits: this.#limits,
    };
  }

  #fillsSince(sinceMs: number): readonly Fill[] {
    // Fills are in time order: the time of this run never goes back.
    const { fills } = this.#book;
    let from = fills.length;
    while (from > 0 && (fills[from - 1] as PaperFill).marketMs >= sinceMs) from -= 1;
    return fills.slice(from).map((fill) => fillOf(fill, this.#id(fill.symbol)));
  }

  #id(symbol: string): InstrumentId {
    return this.#ids.get(symbol) ?? -1;
  }
}

const quoteAt = (quotes: QuoteColumns, place: number): QuoteEvent => ({
  kind: 'quote',
  instrument: quotes.instrument[place] as number,
  marketMs: quotes.marketMs[place] as number,
  bidTicks: quotes.bidTicks[place] as number,
  askTicks: quotes.askTicks[place] as number,
  bidLots: quotes.bidLots[place] as number,
  askLots: quotes.askLots[place] as number,
});
