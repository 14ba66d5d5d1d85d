/** Market data for the status, and what a desk had of a recording. */

import type { MarketEvent, MarketFeed } from '../../contracts/market-feed.js';
import type { PricesNow, TraderStatus } from '../../contracts/trader-status.js';
import { DAY_MS } from '../../domain/civil-date.js';
import { formatDecimal } from '../../domain/decimal.js';
import { counted } from '../../domain/figure-text.js';
import type { Instrument } from '../../domain/instrument.js';
import type { Mode } from '../../domain/mode.js';
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
  status(monotonicMs: number, { quotes, heldBack }: Pick<EngineView, 'quotes' | 'heldBack'>): PricesNow {
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

interface Played {
  readonly onMarket: (event: MarketEvent) => void | Promise<void>;
  mode(): Mode;
  status(): Pick<TraderStatus, 'reason'>;
}

/** On how many days of a recording the desk was HALTED throughout: it plays on while the start is still checked. */
export class HaltedDays {
  #day = Number.NaN;
  #days = 0;
  #halted = 0;
  #isHalted = false;
  #reason = '';

  /** What takes the market's events in the trader's place, and hands them on. */
  of(trader: Played): Played['onMarket'] {
    return (event) => {
      if (event.kind === 'quote' || event.kind === 'bar')
        this.#note(Math.floor(event.marketMs / DAY_MS), trader.mode() === 'HALTED');
      else if (event.kind === 'ended' && this.#isHalted) this.#reason = trader.status().reason;
      return trader.onMarket(event);
    };
  }

  #note(day: number, isHalted: boolean): void {
    if (day !== this.#day) {
      this.#day = day;
      this.#days += 1;
      this.#isHalted = true;
      this.#halted += 1;
    }
    if (!this.#isHalted || isHalted) return;
    this.#isHalted = false;
    this.#halted -= 1;
  }

  /** Empty: it traded on each of them. */
  get words(): string {
    if (this.#halted === 0) return '';
    const many = this.#halted === this.#days ? 'all' : this.#halted;
    const why = this.#reason === '' ? '' : `, because ${this.#reason}`;
    return `; HALTED for ${many} of ${counted(this.#days, 'day')} of it${why}: fermata backtest trades all of them`;
  }
}
