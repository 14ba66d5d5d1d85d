/** How much of the requested time the bars of one instrument cover while its market was open. */
import type { MarketBar } from '../../contracts/market-feed.js';
import { HOUR_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';

export interface Coverage {
  readonly symbol: string;
  readonly spanMs: number;
  /** Bars that fit into the requested time while the market was open. */
  readonly expected: number;
  readonly bars: number;
  readonly missing: number;
  readonly longestGapMs: number;
  /** Start of the longest gap. Null: there is none. */
  readonly longestGapFromMs: number | null;
  /** Clock hours of the requested time that have no bar at all. */
  readonly emptyHours: number;
  /** Longest time without any movement of the price. */
  readonly longestStillMs: number;
}

export class BarCoverage {
  #spanMs = MINUTE_MS;
  #bars = 0;
  #endMs: number;
  #longestGapMs = 0;
  #longestGapFromMs: number | null = null;
  #stillMs = 0;
  #longestStillMs = 0;
  #lastTicks: number | null = null;
  readonly #hours = new Set<number>();

  constructor(
    readonly symbol: string,
    readonly fromMs: number,
    private readonly calendar: SessionCalendar,
  ) {
    this.#endMs = fromMs;
  }

  add(bar: MarketBar): void {
    const { openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks } = bar;
    if (!this.calendar.opensWithin(openMs, openMs + spanMs)) return;
    this.#spanMs = spanMs;
    this.#gap(openMs);
    this.#endMs = openMs + spanMs;
    this.#bars += 1;
    for (let hour = hourOf(openMs); hour <= hourOf(this.#endMs - 1); hour += 1) this.#hours.add(hour);
    const still = highTicks === lowTicks && (this.#lastTicks ?? openTicks) === closeTicks;
    this.#stillMs = still ? this.#stillMs + spanMs : 0;
    this.#longestStillMs = Math.max(this.#longestStillMs, this.#stillMs);
    this.#lastTicks = closeTicks;
  }

  /** For the time from `fromMs` to `toMs`. */
  result(toMs: number): Coverage {
    const spanMs = this.#spanMs;
    // The first bar of live quotes begins within its minute; only whole bars count.
    const firstMs = Math.ceil(this.fromMs / spanMs) * spanMs;
    const expected = Math.max(0, Math.floor(this.calendar.openMs(firstMs, toMs) / spanMs));
    this.#gap(toMs - (toMs % spanMs));
    const bars = Math.min(this.#bars, expected);
    return {
      symbol: this.symbol,
      spanMs,
      expected,
      bars,
      missing: expected - bars,
      longestGapMs: this.#longestGapMs,
      longestGapFromMs: this.#longestGapFromMs,
      emptyHours: this.#emptyHours(toMs),
      longestStillMs: this.#longestStillMs,
    };
  }

  #gap(untilMs: number): void {
    if (untilMs - this.#endMs <= this.#longestGapMs) return;
    const gapMs = this.calendar.openMs(this.#endMs, untilMs);
    if (gapMs <= this.#longestGapMs) return;
    this.#longestGapMs = gapMs;
    this.#longestGapFromMs = this.#endMs;
  }

  #emptyHours(toMs: number): number {
    let empty = 0;
    const last = hourOf(toMs - 1);
    for (let hour = hourOf(this.fromMs); hour <= last; hour += 1) {
      const fromMs = hour * HOUR_MS;
      if (!this.#hours.has(hour) && this.calendar.opensWithin(fromMs, fromMs + HOUR_MS)) empty += 1;
    }
    return empty;
  }
}

const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);
