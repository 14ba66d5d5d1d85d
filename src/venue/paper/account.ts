/**
 * The paper venue's reports on the account. They cover only what is on disk: nothing that a crash would undo.
 */
import type { Instrument, InstrumentId } from '../../domain/instrument.js';
import { messageOf } from '../../domain/message-of.js';
import { plainUnits } from '../../domain/money.js';
import type { Fill } from '../../domain/order.js';
import type { VenueBalances, VenueOrder, VenuePosition } from '../../domain/venue.js';
import { VenueUnavailable } from '../port.js';
import type { PaperBook } from './book.js';
import type { BookLog } from './book-file.js';
import type { PaperFill, PaperOrder } from './book-record.js';
import { fillOf, venueOrderOf } from './translate.js';

/** Each reading throws `VenueUnavailable` if the book could not be written. */
export class PaperAccount {
  readonly #idBySymbol: ReadonlyMap<string, InstrumentId>;

  constructor(
    private readonly book: PaperBook,
    private readonly file: BookLog,
    instruments: readonly Instrument[],
  ) {
    this.#idBySymbol = new Map(instruments.map(({ symbol, id }) => [symbol, id]));
  }

  async balances(): Promise<VenueBalances> {
    await this.flushed();
    return { cash: plainUnits(this.book.cashUnits), currency: this.book.currency };
  }

  async holdings(): Promise<ReadonlyMap<string, string>> {
    await this.flushed();
    return this.book.holdings();
  }

  async positions(): Promise<readonly VenuePosition[]> {
    await this.flushed();
    return [...this.book.positions].flatMap(([symbol, { quantityLots }]) => {
      const instrument = this.#idBySymbol.get(symbol);
      return quantityLots === 0 || instrument === undefined ? [] : [{ instrument, quantityLots }];
    });
  }

  async openOrders(): Promise<readonly VenueOrder[]> {
    await this.flushed();
    return [...this.book.allOpenOrders()].map((order) => this.venueOrder(order));
  }

  async orderByClientId(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null> {
    await this.flushed();
    const order = this.book.orders.get(clientId);
    return order && this.#id(order.symbol) === instrument ? this.venueOrder(order) : null;
  }

  /** In the order they were written: a later fill may have an earlier time. */
  async fillsSince(sinceMs: number): Promise<readonly Fill[]> {
    await this.flushed();
    const from = this.book.fills.findIndex((fill) => fill.marketMs >= sinceMs);
    return from < 0
      ? []
      : this.book.fills
          .slice(from)
          .filter((fill) => this.#idBySymbol.has(fill.symbol))
          .map((fill) => this.fill(fill));
  }

  venueOrder(order: PaperOrder): VenueOrder {
    return venueOrderOf(order, this.#id(order.symbol));
  }

  fill(fill: PaperFill): Fill {
    return fillOf(fill, this.#id(fill.symbol));
  }

  async flushed(): Promise<void> {
    try {
      await this.file.flushed();
    } catch (cause) {
      throw new VenueUnavailable(`the paper book can't be relied on: ${messageOf(cause)}`);
    }
  }

  #id(symbol: string): InstrumentId {
    return this.#idBySymbol.get(symbol) ?? -1;
  }
}
