/** How the paper venue handles order requests: decided at once, from the current book and prices. */
import type { Desk } from '../../desk/schema.js';
import type { HandedAction } from '../../domain/corporate-action.js';
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import type { AmendOutcome, CancelOutcome, ReplaceOutcome, SendOutcome } from '../../domain/venue.js';
import {
  type PricesNow,
  refuse,
  refuseAmendment,
  refuseByAccount,
  refuseByFilters,
  restingStops,
} from './admission.js';
import type { PaperBook } from './book.js';
import type { BookRecord, PaperOrder } from './book-record.js';
import { type Exchange, isOpen } from './exchange.js';
import type { PaperHours } from './hours.js';
import { paperOrderOf } from './translate.js';

/** Applies a record to the book at once and has it written to disk. */
export type Write = (record: Exclude<BookRecord, { type: 'state' }>) => void;

interface OrderDeskParts {
  readonly book: PaperBook;
  readonly exchange: Exchange;
  readonly instruments: readonly Instrument[];
  readonly paper: Desk['paper'];
  readonly marketNowMs: () => number;
  readonly isOpen: PaperHours;
}

const NO_SYMBOL = { code: '-1121', text: 'Invalid symbol.' };
const NOT_OPEN = { code: '-2011', text: 'Unknown order sent.' };

export class OrderDesk {
  readonly #instruments: readonly Instrument[];

  constructor(private readonly parts: OrderDeskParts) {
    const { book, instruments } = parts;
    // An account that had more stops resting before the bound was known may go on having as many.
    this.#instruments = instruments.map((one) =>
      one.maxStops === undefined
        ? one
        : { ...one, maxStops: Math.max(one.maxStops, restingStops(book, one)) },
    );
  }

  submit(intent: OrderIntent, write: Write): SendOutcome {
    const { book, paper } = this.parts;
    const instrument = this.#instruments[intent.instrument];
    if (!instrument) return { kind: 'rejected', ...NO_SYMBOL };
    const prices = this.#prices(intent, instrument);
    const rejection = refuse(intent, instrument, book, prices, paper);
    if (rejection) return { kind: 'rejected', ...rejection };
    return { kind: 'accepted', venueId: this.#place(intent, instrument, prices, write) };
  }

  cancel(clientId: string, instrument: InstrumentId, write: Write): CancelOutcome {
    if (!this.#open(clientId, instrument)) return { kind: 'notOpen', ...NOT_OPEN };
    this.#close(clientId, write);
    return { kind: 'cancelled' };
  }

  amend(clientId: string, id: InstrumentId, quantityLots: number, write: Write): AmendOutcome {
    const instrument = this.#instruments[id];
    const order = this.#open(clientId, id);
    if (!instrument || !order) return { kind: 'notOpen', ...NOT_OPEN, code: '-2038' };
    const rejection = refuseAmendment(order, quantityLots, instrument);
    if (rejection) return { kind: 'rejected', ...rejection };
    write({ type: 'amended', clientId, quantityLots });
    return { kind: 'amended', quantityLots };
  }

  /**
   * Filters are checked before anything changes; once the old order is cancelled, market and account may still refuse
   * the new one.
   */
  replace(oldId: string, intent: OrderIntent, write: Write): ReplaceOutcome {
    const { book, paper } = this.parts;
    const instrument = this.#instruments[intent.instrument];
    if (!instrument) return { kind: 'rejected', ...NO_SYMBOL };
    const prices = this.#prices(intent, instrument);
    const filtered = refuseByFilters(intent, instrument, book, prices);
    if (filtered) return { kind: 'rejected', ...filtered };
    if (!this.#open(oldId, intent.instrument)) return { kind: 'notOpen', ...NOT_OPEN };
    // A known id means that the order already exists: only a lookup tells what became of it.
    if (book.orders.has(intent.clientId)) return { kind: 'unknown', cause: 'Duplicate order sent.' };
    this.#close(oldId, write);
    const refused = refuseByAccount(intent, instrument, book, prices, paper);
    if (refused) return { kind: 'cancelledOnly', ...refused };
    return { kind: 'replaced', venueId: this.#place(intent, instrument, prices, write) };
  }

  /** Applies each action once. */
  takeAction(handed: HandedAction, write: Write): void {
    const { book, exchange } = this.parts;
    if (book.actions.includes(handed.actionId)) return;
    exchange.beforeAction(handed.action);
    write({ type: 'action', handed });
  }

  /** The order was acknowledged: from now on it is in flight. */
  acknowledge(clientId: string): void {
    const held = this.parts.book.orders.get(clientId);
    if (held) this.parts.exchange.acknowledge(held);
  }

  #place(intent: OrderIntent, { symbol }: Instrument, prices: PricesNow, write: Write): string {
    const { book, paper, marketNowMs } = this.parts;
    const venueId = `p${book.bookId}-o${(book.idsGiven + 1).toString(36)}`;
    const order = paperOrderOf(intent, {
      symbol,
      venueId,
      reserveTicks: prices.reserveTicks ?? 0,
      arrivesAtMs: marketNowMs() + paper.latencyMs,
    });
    write({ type: 'order', order });
    return venueId;
  }

  #close(clientId: string, write: Write): void {
    this.parts.exchange.forget(clientId);
    write({ type: 'closed', clientId, state: 'cancelled' });
  }

  #open(clientId: string, instrument: InstrumentId): PaperOrder | null {
    const order = this.parts.book.orders.get(clientId);
    const isOurs = order !== undefined && order.symbol === this.#instruments[instrument]?.symbol;
    return isOurs && isOpen(order) ? order : null;
  }

  #prices(intent: OrderIntent, { symbol }: Instrument): PricesNow {
    const { exchange, isOpen: isMarketOpen } = this.parts;
    return {
      closed: !isMarketOpen(intent.instrument),
      reserveTicks: exchange.reserveTicks(symbol, intent),
      quote: (of) => exchange.quote(of),
      rate: (of) => exchange.rate(of),
    };
  }
}
