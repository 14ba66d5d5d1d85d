/**
 * Charges the paper account for its holdings. Each charge is taken once, on the position at that moment and
 * at the last price before it, however long prices were missing and whatever was restarted.
 */

import type { MarketEvent } from '../../contracts/market-feed.js';
import { formatDecimal } from '../../domain/decimal.js';
import { type Charge, chargeAfter, chargeFor, type HoldingCost } from '../../domain/holding-cost.js';
import type { Instrument } from '../../domain/instrument.js';
import { formatUnits } from '../../domain/money.js';
import { unitOf } from '../../domain/value.js';
import type { PaperBook } from './book.js';
import type { BookRecord } from './book-record.js';
import type { Exchange } from './exchange.js';

interface Due {
  readonly instrument: Instrument;
  readonly cost: HoldingCost;
  next: Charge;
  /** After a restart, until its price is known again. */
  waits: boolean;
}

export class HoldingCharges {
  /** Null: the account has seen no market time yet. */
  #dues: readonly Due[] | null;
  /** Cached, since every price reads it. */
  #nextMs = Number.POSITIVE_INFINITY;
  #anyWaits = false;

  /** `charge` applies and stores the record. */
  constructor(
    private readonly book: PaperBook,
    private readonly exchange: Pick<Exchange, 'quote' | 'rate'>,
    private readonly instruments: readonly Instrument[],
    private readonly costs: readonly (HoldingCost | null)[] = [],
    private readonly charge: (record: Extract<BookRecord, { type: 'charged' }>) => void,
  ) {
    this.#dues = book.seenMs > 0 ? this.#begin(book.seenMs) : null;
    if (this.#dues !== null) this.#nextMs = earliest(this.#dues);
  }

  get any(): boolean {
    return this.costs.some((cost) => cost !== null);
  }

  /** Market time of the next charge. Infinity: there is none, or its price must come first. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** The same of what is held now. */
  get nextHeldMs(): number {
    const held = (this.#dues ?? []).filter(
      ({ instrument }) => this.book.position(instrument.symbol).quantityLots !== 0,
    );
    return held.length === 0 ? Number.POSITIVE_INFINITY : earliest(held);
  }

  /** Takes the charges due before this time, oldest first. `event`: the event at that time. */
  passTo(marketMs: number, event?: MarketEvent): void {
    if (this.#dues !== null && !this.#anyWaits && marketMs <= this.#nextMs) return;
    const dues = this.#dues ?? this.#begin(marketMs);
    this.#dues = dues;
    for (const due of dues) due.waits = false;
    for (this.#nextMs = earliest(dues); this.#nextMs < marketMs; this.#nextMs = earliest(dues)) {
      const atMs = this.#nextMs;
      for (const due of dues) if (due.next.atMs === atMs && !due.waits) this.#take(due, event);
    }
    this.#anyWaits = dues.some(({ waits }) => waits);
  }

  #begin(seenMs: number): readonly Due[] {
    return this.instruments.flatMap((instrument) => {
      const cost = this.costs[instrument.id] ?? null;
      if (cost === null) return [];
      const next = chargeAfter(cost, this.book.charged.get(instrument.symbol) ?? seenMs);
      return [{ instrument, cost, next, waits: false }];
    });
  }

  #take(due: Due, event: MarketEvent | undefined): void {
    const { instrument, cost, next } = due;
    const { id, symbol } = instrument;
    const { atMs, nights } = next;
    const lots = this.book.position(symbol).quantityLots;
    const first = event?.kind === 'quote' && event.instrument === id ? event : null;
    const quote = this.exchange.quote(symbol) ?? first;
    const amount =
      lots === 0
        ? 0n
        : chargeFor(cost, instrument, { lots, nights, quote, rate: this.exchange.rate(instrument) });
    due.waits = amount === null;
    if (amount === null) return;
    const at = new Date(atMs).toISOString();
    this.charge({
      ...{ type: 'charged', symbol, marketMs: atMs },
      ...(amount === 0n
        ? {}
        : {
            movement: {
              ...{ id: `p${this.book.bookId}-${symbol}-${at}`, kind: cost.kind, asset: this.book.currency },
              ...{ amount: formatUnits(amount), marketMs: atMs, source: symbol },
              reason: `${formatDecimal(lots, instrument.lotSize)} ${unitOf(instrument)} of ${symbol} held at ${at.slice(0, 16)}Z`,
            },
          }),
    });
    due.next = chargeAfter(cost, atMs);
  }
}

const earliest = (dues: readonly Due[]): number =>
  Math.min(...dues.filter(({ waits }) => !waits).map(({ next }) => next.atMs));
