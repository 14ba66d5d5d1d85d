/** Turns recorded rows into market events: quotes, trades and bars, in time order. */
import type { MarketBar } from '../../contracts/market-feed.js';
import { MINUTE_MS } from '../../domain/civil-date.js';
import type { InstrumentId } from '../../domain/instrument.js';
import { type BarPath, barQuotes, bidBelow } from '../../venue/bar-path.js';
import { BarBuilder, midTicks } from '../bar-builder.js';
import type { TimedEvent } from '../replay-feed.js';
import type { BarRow, QuoteRow, RecordedRow, TradeRow } from './row-parser.js';

/** How rows become prices. By default the nearer extreme of a bar comes first, and sizes are not derived. */
export interface RowShape {
  readonly path: BarPath;
  /** Quotes around bars and trades get the traded size. */
  readonly withVolume: boolean;
}

const PLAIN: RowShape = { path: 'nearer', withVolume: false };

export class RowEvents {
  readonly #builder: BarBuilder;

  /** `spanMs`: length of the file's bars. Shorter ones are merged into minutes, longer ones stay as they are. */
  constructor(
    private readonly instrument: InstrumentId,
    private readonly spanMs: number,
    private readonly spreadTicks: number,
    private readonly shape: RowShape = PLAIN,
  ) {
    this.#builder = new BarBuilder(instrument);
  }

  /** Appends the row's events to `into`, preceded by a bar that has finished. */
  add(row: RecordedRow, into: TimedEvent[]): void {
    this.#closeBar(row.tsMs, into);
    if (row.format === 'bars') this.#addBar(row, into);
    else if (row.format === 'quotes') this.#addQuote(row, into);
    else this.#addTrade(row, into);
  }

  /** Appends the last bar when no row follows. */
  finish(into: TimedEvent[]): void {
    this.#closeBar(Number.POSITIVE_INFINITY, into);
  }

  #addBar(row: BarRow, into: TimedEvent[]): void {
    const { tsMs: openMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = row;
    const { instrument, spanMs } = this;
    const bar: MarketBar = {
      instrument,
      openMs,
      spanMs,
      openTicks,
      highTicks,
      lowTicks,
      closeTicks,
      volumeLots,
    };
    into.push(...barQuotes(bar, this.spreadTicks, this.shape.path, this.shape.withVolume));
    if (spanMs >= MINUTE_MS) {
      into.push({ kind: 'bar', marketMs: openMs + spanMs, bar });
      return;
    }
    this.#builder.add(openMs, openTicks, volumeLots);
    for (const price of [highTicks, lowTicks, closeTicks]) this.#builder.add(openMs, price, 0);
  }

  #addQuote(row: QuoteRow, into: TimedEvent[]): void {
    const { tsMs: marketMs, bidTicks, askTicks, bidLots, askLots } = row;
    this.#builder.add(marketMs, midTicks(bidTicks, askTicks), 0);
    into.push({ kind: 'quote', instrument: this.instrument, marketMs, bidTicks, askTicks, bidLots, askLots });
  }

  /** A trade shows where the market is, so a quote with the desk file's spread is put around it. */
  #addTrade(row: TradeRow, into: TimedEvent[]): void {
    const { tsMs: marketMs, priceTicks, quantityLots, taker } = row;
    const { instrument } = this;
    this.#builder.add(marketMs, priceTicks, quantityLots);
    const bidTicks = bidBelow(priceTicks, this.spreadTicks);
    const askTicks = bidTicks + this.spreadTicks;
    into.push({ kind: 'trade', instrument, marketMs, priceTicks, quantityLots, taker });
    const lots = this.shape.withVolume ? quantityLots : 0;
    into.push({ kind: 'quote', instrument, marketMs, bidTicks, askTicks, bidLots: lots, askLots: lots });
  }

  #closeBar(untilMs: number, into: TimedEvent[]): void {
    const bar = this.#builder.closeUntil(untilMs);
    if (bar) into.push({ kind: 'bar', marketMs: bar.openMs + bar.spanMs, bar });
  }
}
