/**
 * A paper-money venue in the trader's process, with a durable book of its own, so that reconciliation
 * compares two independent things. It sees every market event before the engine does. Nothing is matched in
 * the step that sent it.
 */
import type { MarketBar, MarketEvent, QuoteEvent } from '../../contracts/market-feed.js';
import type { Desk } from '../../desk/schema.js';
import type { HandedAction } from '../../domain/corporate-action.js';
import type { HoldingCost } from '../../domain/holding-cost.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import type { Fill, OrderIntent } from '../../domain/order.js';
import type { VenueCapabilities } from '../../domain/order-bounds.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type {
  AmendOutcome,
  CancelOutcome,
  CashListed,
  QuantityLimits,
  ReplaceOutcome,
  SendOutcome,
  VenueBalances,
  VenueOrder,
  VenuePosition,
} from '../../domain/venue.js';
import type { AwaitedPrices } from '../../engine/flow/quote.js';
import type { Approved } from '../../limits/gate.js';
import { barQuotes } from '../bar-path.js';
import type { VenuePort, VenueStreamEvent } from '../port.js';
import { PaperAccount } from './account.js';
import { onTheWallClock, type Schedule } from './arrivals.js';
import type { PaperBook } from './book.js';
import type { BookLog } from './book-file.js';
import type { BookRecord, PaperFill, PaperOrder } from './book-record.js';
import { PAPER_CAPABILITIES, paperLimits } from './capabilities.js';
import { Exchange } from './exchange.js';
import { HoldingCharges } from './holding-charges.js';
import { paperHours } from './hours.js';
import { openBook, type PaperPast } from './open-book.js';
import { OrderDesk, type Write } from './order-desk.js';

export interface PaperVenueOptions {
  /** Folder of the book; null: the book is kept in memory and ends with the process. */
  readonly directory: string | null;
  /** Identity of the price source: a book opens only with the prices it began on. */
  readonly prices: string;
  readonly instruments: readonly Instrument[];
  readonly paper: Desk['paper'];
  /**
   * The venue's clock for `serverTime`, in milliseconds since 1970. Matching uses the times of market events.
   */
  readonly nowMs: () => number;
  /** Distance between bid and ask in ticks, by instrument id, for minutes that are caught up; 1 if absent. */
  readonly spreadTicks?: readonly number[];
  /** Fill no more than the quoted size, if known; by default sizes do not limit paper fills. */
  readonly limitToQuoteSize?: boolean;
  /** The past of an account that was traded before the desk took it over. */
  readonly past?: PaperPast;
  /** When each market is open, by instrument id; absent: always. Nothing is matched while it is closed. */
  readonly calendars?: readonly SessionCalendar[];
  /** What holding each instrument costs, by its id; absent: nothing is charged. */
  readonly holdingCosts?: readonly (HoldingCost | null)[];
  /** Schedules the arrival of orders after their latency; by default on the wall clock. */
  readonly schedule?: Schedule;
}

type Unknown = { readonly kind: 'unknown'; readonly cause: string };

/** How often market time is recorded, in milliseconds of wall time. */
const SEEN_EVERY_MS = 1000;

/** Which of the four prices of a bar is its close. */
const CLOSE = 3;

/** A price may come this much later than its own time; its fills belong to that time. */
const PRICES_LATE_MS = 5000;

/** Throws `PaperBookCorrupt` or `PaperBookMismatch`; both say what was preserved and what to do. */
export function openPaperVenue(options: PaperVenueOptions): PaperVenue {
  return new PaperVenue(options);
}

export class PaperVenue implements VenuePort {
  readonly capabilities: VenueCapabilities = PAPER_CAPABILITIES;
  readonly instruments: readonly Instrument[];
  readonly #book: PaperBook;
  readonly #file: BookLog;
  readonly #exchange: Exchange;
  readonly #account: PaperAccount;
  readonly #desk: OrderDesk;
  readonly #charges: HoldingCharges;
  /** Absent if no holding cost is declared and none was charged. */
  readonly cashMovements?: (sinceMs: number) => Promise<CashListed>;
  #listener: (event: VenueStreamEvent) => void = () => {};
  #telling: Promise<void> | undefined;
  #marketMs: number;
  #seenWrittenAt = Number.NEGATIVE_INFINITY;
  /** After a failed write only the file knows what was saved: nothing is matched until a restart. */
  #faulty = false;
  #closed = false;

  constructor(private readonly options: PaperVenueOptions) {
    const { instruments } = options;
    this.instruments = instruments;
    const { book, file } = openBook(options, (cause) => this.#onBookFault(cause));
    this.#book = book;
    this.#file = file;
    this.#account = new PaperAccount(book, file, instruments);
    this.#marketMs = book.seenMs;
    const limitToQuoteSize = options.limitToQuoteSize ?? false;
    const isOpen = paperHours(options.calendars, options.nowMs);
    this.#exchange = new Exchange(
      book,
      instruments,
      { ...options.paper, limitToQuoteSize },
      {
        fill: (fill) => this.#onFill(fill),
        expired: (order) => this.#onExpired(order),
        triggered: ({ clientId }) => this.#note({ type: 'triggered', clientId }),
      },
      options.schedule ?? onTheWallClock,
      isOpen,
    );
    const { paper } = options;
    const exchange = this.#exchange;
    this.#desk = new OrderDesk({
      book,
      exchange,
      instruments,
      paper,
      isOpen,
      marketNowMs: () => this.#marketMs,
    });
    this.#charges = new HoldingCharges(book, exchange, instruments, options.holdingCosts, (record) =>
      this.#onCharged(record),
    );
    if (this.#charges.any || book.movements.length > 0)
      this.cashMovements = async (sinceMs) => {
        await this.#account.flushed();
        return { movements: book.movements.filter(({ marketMs }) => marketMs >= sinceMs), unread: [] };
      };
  }

  /**
   * Market time up to which the venue has seen the market: with live prices, later minutes must be caught up.
   */
  get seenMs(): number {
    return this.#book.seenMs;
  }

  /** Called with each market event, before the engine sees it. */
  onMarket(event: MarketEvent): void {
    if (this.#closed || this.#faulty || !('marketMs' in event)) return;
    this.#charges.passTo(event.marketMs, event);
    this.#marketMs = event.marketMs;
    if (event.kind === 'bar') this.#noteSeen(event.marketMs);
    else this.#exchange.onMarket(event);
  }

  /** See `Exchange.onTheWay`. */
  onTheWay(
    next: QuoteEvent,
    nowMs: number,
    awaited: (at: InstrumentId) => AwaitedPrices | null,
    momentMs?: number,
  ): QuoteEvent | null {
    return this.#closed || this.#faulty ? null : this.#exchange.onTheWay(next, nowMs, awaited, momentMs);
  }

  /** Market time at which an order arrives or a holding is charged next, whatever prices come. Infinity: nothing is. */
  get nextMomentMs(): number {
    if (this.#closed || this.#faulty) return Number.POSITIVE_INFINITY;
    return Math.min(this.#exchange.nextArrivalMs, this.#charges.nextHeldMs);
  }

  /** After the prices of this time. */
  passMoment(marketMs: number): void {
    if (this.#closed || this.#faulty) return;
    this.#charges.passTo(marketMs + 1);
    this.#marketMs = Math.max(this.#marketMs, marketMs);
    this.#exchange.arriveBy(marketMs);
  }

  /**
   * Plays the minutes without a running trader against the resting orders, before new orders are accepted:
   * oldest first, all instruments mixed, skipping minutes already seen. Resolves with the number of fills
   * (`caughtUp`) once they are on disk.
   */
  async catchUp(bars: readonly MarketBar[]): Promise<number> {
    const before = this.#book.idsGiven;
    const missed = bars.filter((bar) => bar.openMs + bar.spanMs > this.#book.seenMs && this.#book.seenMs > 0);
    const quotes = missed.flatMap((bar) =>
      barQuotes(bar, this.options.spreadTicks?.[bar.instrument] ?? 1).map((quote, at) => ({
        quote,
        // Only of its close is known when it was: the rest may have been before the order arrived.
        wayByMs: bar.openMs,
        arrivedByMs: at < CLOSE ? bar.openMs : quote.marketMs,
      })),
    );
    quotes.sort((a, b) => a.quote.marketMs - b.quote.marketMs);
    const take = (quote: QuoteEvent, arrivedByMs: number): void => {
      this.#charges.passTo(quote.marketMs, quote);
      this.#exchange.onQuote(quote, true, arrivedByMs);
    };
    for (const { quote, wayByMs, arrivedByMs } of quotes) {
      const onTheWay = () => this.#exchange.onTheWay(quote, Number.NEGATIVE_INFINITY, () => null);
      for (let at = onTheWay(); at !== null; at = onTheWay()) take(at, wayByMs);
      take(quote, arrivedByMs);
    }
    const last = quotes.at(-1);
    if (last) this.#note({ type: 'seen', marketMs: last.quote.marketMs });
    await this.#account.flushed();
    return this.#book.idsGiven - before;
  }

  /**
   * Resolves once fills and expiries have reached the listener; undefined if none are in flight. A recorded
   * or simulated market waits for it.
   */
  settled(): Promise<void> | undefined {
    return this.#telling;
  }

  async serverTime(): Promise<number> {
    return this.options.nowMs();
  }

  /** Holding also costs over a close, when no price comes, so due charges come first. */
  balances(): Promise<VenueBalances> {
    if (!this.#closed && !this.#faulty) this.#charges.passTo(this.options.nowMs() - PRICES_LATE_MS);
    return this.#account.balances();
  }

  quantityLimits(): readonly QuantityLimits[] {
    return paperLimits(this.instruments);
  }

  /** Everything in the account, as decimal text by currency. */
  holdings(): Promise<ReadonlyMap<string, string>> {
    return this.#account.holdings();
  }

  positions(): Promise<readonly VenuePosition[]> {
    return this.#account.positions();
  }

  openOrders(): Promise<readonly VenueOrder[]> {
    return this.#account.openOrders();
  }

  orderByClientId(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null> {
    return this.#account.orderByClientId(clientId, instrument);
  }

  fillsSince(sinceMs: number): Promise<readonly Fill[]> {
    return this.#account.fillsSince(sinceMs);
  }

  async submit(intent: Approved<OrderIntent>): Promise<SendOutcome> {
    return this.#decide((write) => this.#desk.submit(intent, write), intent.clientId);
  }

  async cancel(clientId: string, instrument: InstrumentId): Promise<CancelOutcome> {
    return this.#decide((write) => this.#desk.cancel(clientId, instrument, write));
  }

  async amendQuantity(
    clientId: string,
    instrument: InstrumentId,
    quantityLots: number,
  ): Promise<AmendOutcome> {
    return this.#decide((write) => this.#desk.amend(clientId, instrument, quantityLots, write));
  }

  async replace(clientId: string, order: Approved<OrderIntent>): Promise<ReplaceOutcome> {
    return this.#decide((write) => this.#desk.replace(clientId, order, write), order.clientId);
  }

  /**
   * After a book fault the action is dropped: the desk is halted and hands it over again at its next start.
   */
  takeAction(handed: HandedAction): void {
    if (this.#closed || this.#faulty) return;
    this.#desk.takeAction(handed, (record) => void this.#write(record).catch(() => {}));
  }

  onEvent(listener: (event: VenueStreamEvent) => void): void {
    this.#listener = listener;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#exchange.close();
    if (this.#marketMs > this.#book.seenMs) this.#noteSeen(this.#marketMs);
    await this.#file.close();
  }

  /** Answers once the records are on disk; `placed`: an order that is in flight from then on. */
  async #decide<O extends { readonly kind: string }>(
    work: (write: Write) => O,
    placed?: string,
  ): Promise<O | Unknown> {
    if (this.#closed) return { kind: 'unknown', cause: 'the paper venue is closed' };
    const written: Promise<void>[] = [];
    const outcome = work((record) => written.push(this.#write(record)));
    try {
      await Promise.all(written);
      if (written.length === 0) await this.#account.flushed();
    } catch (cause) {
      return { kind: 'unknown', cause: `the paper book could not be written: ${messageOf(cause)}` };
    }
    const isPlaced = outcome.kind === 'accepted' || outcome.kind === 'replaced';
    if (isPlaced && placed !== undefined) this.#desk.acknowledge(placed);
    return outcome;
  }

  /**
   * The state changes at once, so that the next order is judged by it; callers continue once the record is on disk.
   */
  #write(record: Exclude<BookRecord, { type: 'state' }>): Promise<void> {
    this.#book.apply(record);
    return this.#file.append(record);
  }

  #noteSeen(marketMs: number): void {
    if (performance.now() - this.#seenWrittenAt < SEEN_EVERY_MS && !this.#closed) return;
    this.#seenWrittenAt = performance.now();
    this.#note({ type: 'seen', marketMs });
  }

  /** Nobody awaits this write: `onBookFault` reports a failure. */
  #note(record: Extract<BookRecord, { type: 'seen' | 'triggered' }>): void {
    this.#write(record).catch(() => {});
  }

  #onFill(fill: PaperFill): void {
    this.#tell(this.#write({ type: 'fill', fill }), () => ({ kind: 'fill', fill: this.#account.fill(fill) }));
  }

  #onCharged(record: Extract<BookRecord, { type: 'charged' }>): void {
    const { movement } = record;
    const written = this.#write(record);
    if (movement === undefined) written.catch(() => {});
    else this.#tell(written, () => ({ kind: 'movement', movement }));
  }

  #onExpired(order: PaperOrder): void {
    const written = this.#write({ type: 'closed', clientId: order.clientId, state: 'expired' });
    this.#tell(written, () => ({ kind: 'order', order: this.#account.venueOrder(order) }));
  }

  #tell(written: Promise<void>, event: () => VenueStreamEvent): void {
    const telling = written
      .then(
        () => this.#listener(event()),
        () => {},
      )
      .finally(() => {
        if (this.#telling === telling) this.#telling = undefined;
      });
    this.#telling = telling;
  }

  #onBookFault(cause: Error): void {
    this.#faulty = true;
    this.#exchange.close();
    this.#listener({
      kind: 'health',
      state: 'down',
      detail: `the paper book could not be written (${cause.message}); no order is taken until the trader is restarted`,
    });
  }
}
