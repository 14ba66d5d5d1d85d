/** The prices of one run, each instrument on a walk of its own, in market time that goes faster than the wall's. */
import { alwaysOpen, type SessionCalendar } from '../../src/domain/sessions/session-calendar.js';
import { marketCalendar } from './market-hours.js';
import { PriceWalk, type WalkBar } from './price-walk.js';
import type { Random } from './random.js';
import { START_WALL_MS } from './scenario.js';
import type { VirtualTime } from './virtual-time.js';

/** Market milliseconds per wall millisecond: some runs cross a day's boundary. */
export const SPEED = 600;
export const SPREAD_TICKS = 2;
export const START_MARKET_MS = Date.UTC(2026, 0, 5, 7);

export class SimulatedPrices {
  readonly #walks: readonly PriceWalk[];
  readonly #calendar: SessionCalendar;
  /** In the end prices stand still, so that what is asked for can be proven. */
  stand = false;

  constructor(
    instruments: readonly unknown[],
    random: Random,
    private readonly time: VirtualTime,
    hasHours: boolean,
  ) {
    this.#calendar = hasHours ? marketCalendar() : alwaysOpen();
    this.#walks = instruments.map(() => new PriceWalk(random));
  }

  askTicks(instrument: number): number {
    return this.bidTicks(instrument) + SPREAD_TICKS;
  }

  get marketNowMs(): number {
    return START_MARKET_MS + (this.time.nowMs - START_WALL_MS) * SPEED;
  }

  get isOpen(): boolean {
    return this.#calendar.isOpen(this.marketNowMs);
  }

  bidTicks(instrument: number): number {
    return this.#walk(instrument).bidTicks;
  }

  /** That of the quote before the newest one. */
  bidTicksBefore(instrument: number): number {
    return this.#walk(instrument).beforeTicks;
  }

  /** The next bid. */
  step(instrument: number): number {
    const walk = this.#walk(instrument);
    return this.stand ? walk.bidTicks : walk.step();
  }

  /** Of the last `wallMs`. */
  bar(instrument: number, wallMs: number): WalkBar & { readonly openMs: number; readonly spanMs: number } {
    const spanMs = wallMs * SPEED;
    const { openTicks, highTicks, lowTicks, closeTicks } = this.#walk(instrument).bar();
    return { openTicks, highTicks, lowTicks, closeTicks, openMs: this.marketNowMs - spanMs, spanMs };
  }

  #walk(instrument: number): PriceWalk {
    return this.#walks[instrument]!;
  }
}
