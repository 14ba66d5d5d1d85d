/** What the market last said, for the status. */
import { formatDecimal } from '../../domain/decimal.js';
import type { Instrument } from '../../domain/instrument.js';
import type { MarketEvent, MarketFeed } from '../../market/feed.js';
import type { TraderStatus } from '../protocol.js';

export class MarketWatch {
  readonly #bidTicks: Float64Array;
  readonly #askTicks: Float64Array;
  #lastQuoteMs: number | null = null;
  #down = false;
  #ended = false;

  constructor(
    readonly feed: MarketFeed,
    readonly instruments: readonly Instrument[],
  ) {
    this.#bidTicks = new Float64Array(instruments.length);
    this.#askTicks = new Float64Array(instruments.length);
  }

  note(event: MarketEvent, monotonicMs: number): void {
    if (event.kind === 'quote') {
      this.#bidTicks[event.instrument] = event.bidTicks;
      this.#askTicks[event.instrument] = event.askTicks;
      this.#lastQuoteMs = monotonicMs;
    } else if (event.kind === 'health') this.#down = event.state === 'down';
    else if (event.kind === 'ended') this.#ended = true;
  }

  status(monotonicMs: number): TraderStatus['marketData'] {
    const waiting = this.#lastQuoteMs === null;
    return {
      ...this.feed.source,
      marketMs: this.feed.nowMs(),
      state: this.#down || this.#ended ? 'down' : waiting ? 'waiting' : 'up',
      lastQuoteAgeMs: this.#lastQuoteMs === null ? null : Math.max(0, monotonicMs - this.#lastQuoteMs),
      lastPrices: this.instruments.flatMap(({ id, symbol, tickSize }) => {
        const bidTicks = this.#bidTicks[id] ?? 0;
        if (bidTicks === 0) return [];
        const askTicks = this.#askTicks[id] ?? 0;
        return [{ symbol, bid: formatDecimal(bidTicks, tickSize), ask: formatDecimal(askTicks, tickSize) }];
      }),
    };
  }
}
