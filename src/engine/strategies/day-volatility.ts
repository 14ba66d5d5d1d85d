/**
 * How far a market's price spreads in a day of trading: one standard deviation of a day's return, by realised
 * variance (Andersen, Bollerslev, Diebold and Labys, Econometrica 71, 2003). It is the square root of the
 * mean squared return of the newest minutes (their mean not subtracted) times the minutes of a day of
 * trading.
 */
import { DAY_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';

/** A start warms up with this many bars, so it knows as much as a desk that kept running. */
const KEPT = 480;
export const VOLATILITY_BARS_MIN = 240;
const WEEK_MS = 7 * DAY_MS;
const WEEKS = 4;
const DAYS_OF_WEEK = 5;

export class DayVolatility {
  /** Squared return of each bar divided by its minutes; a ring. */
  readonly #variances = new Float64Array(KEPT);
  #count = 0;
  #lastOpenMs = Number.NEGATIVE_INFINITY;
  #lastClose = 0;
  #minutesOfDay = { weekMs: Number.NaN, minutes: 0 };

  constructor(private readonly calendar: SessionCalendar) {}

  /** Takes bars in order; one seen before is ignored, and a gap yields no return. */
  update(openMs: number, spanMs: number, closeTicks: number): void {
    if (openMs <= this.#lastOpenMs) return;
    if (openMs - this.#lastOpenMs === spanMs && this.#lastClose > 0) {
      const change = (closeTicks - this.#lastClose) / this.#lastClose;
      this.#variances[this.#count % KEPT] = (change * change * MINUTE_MS) / spanMs;
      this.#count += 1;
    }
    this.#lastOpenMs = openMs;
    this.#lastClose = closeTicks;
  }

  /** How many returns it has seen, at most the number it keeps. */
  get seen(): number {
    return Math.min(KEPT, this.#count);
  }

  /** As a fraction of the price. Null: too few returns. */
  get ofDay(): number | null {
    const { seen } = this;
    if (seen < VOLATILITY_BARS_MIN) return null;
    let sum = 0;
    for (let at = 0; at < seen; at += 1) sum += this.#variances[at] as number;
    return Math.sqrt((sum / seen) * this.#minutes());
  }

  /** 1,440. In a market with hours: a fifth of its open minutes in a week, averaged over four weeks. */
  #minutes(): number {
    if (this.calendar.hours.week === null) return DAY_MS / MINUTE_MS;
    const weekMs = Math.floor(this.#lastOpenMs / WEEK_MS) * WEEK_MS;
    if (weekMs !== this.#minutesOfDay.weekMs) {
      const openMs = this.calendar.openMs(weekMs, weekMs + WEEKS * WEEK_MS);
      this.#minutesOfDay = { weekMs, minutes: openMs / MINUTE_MS / (WEEKS * DAYS_OF_WEEK) };
    }
    return this.#minutesOfDay.minutes;
  }
}
