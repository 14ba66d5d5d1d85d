/**
 * What is measured of a market, from bars in order: its last returns, how far it spreads in a day, whether
 * it trends.
 */
import { DAY_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import { EfficiencyRatio } from './indicators.js';

const MINUTES_KEPT = 60;
const MINUTES_ENOUGH = 30;
/**
 * After such a pause the market may have changed, so it is unknown until enough minutes have been seen again.
 */
const PAUSE_MS = MINUTES_ENOUGH * MINUTE_MS;
const AGE_MS_MAX = 2 * MINUTES_KEPT * MINUTE_MS;

/**
 * The last 60 one-minute returns of a market: its volatility and its correlation with another. Only sums, products,
 * quotients and roots.
 */
export class ReturnMeter {
  /** By the time at which the minute began, oldest first. */
  readonly #returns = new Map<number, number>();
  #lastOpenMs = Number.NEGATIVE_INFINITY;
  #lastClose = 0;

  /**
   * Takes bars in order; one seen before is ignored. A gap, and a bar longer than a minute, yields no return.
   */
  update(openMs: number, closeTicks: number): void {
    if (openMs <= this.#lastOpenMs) return;
    if (openMs - this.#lastOpenMs > PAUSE_MS) this.#returns.clear();
    if (openMs - this.#lastOpenMs === MINUTE_MS && this.#lastClose > 0)
      this.#returns.set(openMs, (closeTicks - this.#lastClose) / this.#lastClose);
    for (const oldest of this.#returns.keys()) {
      if (this.#returns.size <= MINUTES_KEPT && openMs - oldest < AGE_MS_MAX) break;
      this.#returns.delete(oldest);
    }
    this.#lastOpenMs = openMs;
    this.#lastClose = closeTicks;
  }

  /** Root mean square, in percent. Null: not enough minutes. */
  get volatilityPct(): number | null {
    if (this.#returns.size < MINUTES_ENOUGH) return null;
    let squares = 0;
    for (const value of this.#returns.values()) squares += value * value;
    return Math.sqrt(squares / this.#returns.size) * 100;
  }

  /** -1 to 1, over the minutes that both have. Null: not enough of them, or one market did not move. */
  correlationWith(other: ReturnMeter): number | null {
    let common = 0;
    let together = 0;
    let own = 0;
    let others = 0;
    for (const [openMs, value] of this.#returns) {
      const beside = other.#returns.get(openMs);
      if (beside === undefined) continue;
      common += 1;
      together += value * beside;
      own += value * value;
      others += beside * beside;
    }
    const scale = Math.sqrt(own * others);
    return common < MINUTES_ENOUGH || scale === 0 ? null : together / scale;
  }
}

/** A start warms up with this many bars, so it knows as much as a desk that kept running. */
const BARS_KEPT = 480;
export const VOLATILITY_BARS_MIN = 240;
const WEEK_MS = 7 * DAY_MS;
const WEEKS = 4;
const DAYS_OF_WEEK = 5;

/**
 * How far a market's price spreads in a day of trading: one standard deviation of a day's return, by realised
 * variance (Andersen, Bollerslev, Diebold and Labys, Econometrica 71, 2003). It is the square root of the
 * mean squared return of the newest minutes (their mean not subtracted) times the minutes of a day of
 * trading.
 */
export class DayVolatility {
  /** Squared return of each bar divided by its minutes; a ring. */
  readonly #variances = new Float64Array(BARS_KEPT);
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
      this.#variances[this.#count % BARS_KEPT] = (change * change * MINUTE_MS) / spanMs;
      this.#count += 1;
    }
    this.#lastOpenMs = openMs;
    this.#lastClose = closeTicks;
  }

  /** How many returns it has seen, at most the number it keeps. */
  get seen(): number {
    return Math.min(BARS_KEPT, this.#count);
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

/** `unknown`: not enough bars yet. */
export type Regime = 'trending' | 'ranging' | 'unknown';

const REGIME_BARS = 60;
/** A random walk of 60 bars has about 0.13; more than twice that is a trend. */
const TRENDING_FROM = 0.3;

/** Whether a market is trending or ranging, by the efficiency ratio of its last 60 bars. */
export class RegimeMeter {
  readonly #ratio = new EfficiencyRatio(REGIME_BARS);
  #lastOpenMs = Number.NEGATIVE_INFINITY;

  /** Takes bars in order; one seen before is ignored. */
  update(openMs: number, closeTicks: number): void {
    if (openMs <= this.#lastOpenMs) return;
    this.#lastOpenMs = openMs;
    this.#ratio.update(closeTicks);
  }

  /** 0 to 1. Null before 61 bars. */
  get efficiency(): number | null {
    return this.#ratio.value;
  }

  get regime(): Regime {
    const { value } = this.#ratio;
    if (value === null) return 'unknown';
    return value >= TRENDING_FROM ? 'trending' : 'ranging';
  }
}
