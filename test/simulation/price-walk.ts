/** Prices of one instrument: calm, trends, jumps; and the bars made of them. */
import type { Random } from './random.js';

export interface WalkBar {
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly closeTicks: number;
}

const PRICE_MIN_TICKS = 1_000;
const PRICE_MAX_TICKS = 100_000;

export class PriceWalk {
  bidTicks = 10_000;
  /** Before the newest step. */
  beforeTicks = 10_000;
  #trend = 0;
  #open = 10_000;
  #high = 10_000;
  #low = 10_000;

  constructor(private readonly random: Random) {}

  step(): number {
    if (this.random.chance(0.05)) this.#trend = this.random.whole(-12, 12);
    const jump = this.random.chance(0.003) ? this.random.whole(-400, 400) : 0;
    this.beforeTicks = this.bidTicks;
    const moved = this.bidTicks + this.#trend + this.random.whole(-8, 8) + jump;
    this.bidTicks = Math.min(PRICE_MAX_TICKS, Math.max(PRICE_MIN_TICKS, moved));
    this.#high = Math.max(this.#high, this.bidTicks);
    this.#low = Math.min(this.#low, this.bidTicks);
    return this.bidTicks;
  }

  /** The bar since the last call. */
  bar(): WalkBar {
    const bar = {
      openTicks: this.#open,
      highTicks: this.#high,
      lowTicks: this.#low,
      closeTicks: this.bidTicks,
    };
    this.#open = this.bidTicks;
    this.#high = this.bidTicks;
    this.#low = this.bidTicks;
    return bar;
  }
}
