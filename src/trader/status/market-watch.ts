/** Market data for the status. */

import type { MarketEvent, MarketFeed } from '../../contracts/market-feed.js';
import type { TraderStatus } from '../../contracts/trader-status.js';
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { EngineView } from '../../engine/view.js';

type Sided = Pick<EngineView['quotes'][number], 'instrument' | 'bidTicks' | 'askTicks'>;

export class MarketWatch {
  #lastQuoteMs: number | null = null;
  #down = false;
  #ended = false;

  constructor(
    readonly feed: MarketFeed,
    readonly instruments: readonly Instrument[],
  ) {}

  note(event: MarketEvent, monotonicMs: number): void {
    if (event.kind === 'quote') this.#lastQuoteMs = monotonicMs;
    else if (event.kind === 'health') this.#down = event.state === 'down';
    else if (event.kind === 'ended') this.#ended = true;
  }

  /** Prices are those that the engine believes; a held-back quote is shown as such, not as a price. */
  status(
    monotonicMs: number,
    { quotes, heldBack }: Pick<EngineView, 'quotes' | 'heldBack'>,
  ): TraderStatus['marketData'] {
    const waiting = this.#lastQuoteMs === null;
    return {
      ...this.feed.source,
      marketMs: this.feed.nowMs(),
      state: this.#down || this.#ended ? 'down' : waiting ? 'waiting' : 'up',
      lastQuoteAgeMs: this.#lastQuoteMs === null ? null : Math.max(0, monotonicMs - this.#lastQuoteMs),
      lastPrices: quotes.flatMap((quote) => this.#sides(quote)),
      heldBack: heldBack.flatMap((quote) => {
        const { because, quotes: count, forMs } = quote;
        return this.#sides(quote).map((sides) => ({ ...sides, because, quotes: count, forMs }));
      }),
    };
  }

  #sides({ instrument, bidTicks, askTicks }: Sided): { symbol: string; bid: string; ask: string }[] {
    const known = this.instruments[instrument];
    if (known === undefined) return [];
    const { symbol, tickSize } = known;
    return [{ symbol, bid: formatDecimal(bidTicks, tickSize), ask: formatDecimal(askTicks, tickSize) }];
  }
}
