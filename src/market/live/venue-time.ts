/**
 * Market time of live prices: the venue's clock, continued between two readings by a clock that nobody can set. If
 * the venue tells no time, it is the machine's time, as it was when the process started.
 */
import type { PriceConnection } from '../../venue/prices.js';

const MEASURE_EVERY_MS = 60_000;
/** An answer that took longer says too little about the moment for which it gives the time. */
const ROUND_TRIP_MS_MAX = 2000;
/**
 * A frame is written shortly before it is read. If it is ahead of our time by more than this, our time is wrong, as
 * after a sleep.
 */
const AHEAD_MS_MAX = 1000;

export class VenueTime {
  #offsetMs = 0;
  #lastMs = 0;
  /** The venue has told its time at least once. */
  isKnown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly prices: Pick<PriceConnection, 'fetchTime'>,
    /** Milliseconds since 1970; never set back or forward. */
    private readonly steadyMs: () => number,
  ) {}

  /** Never goes back: if the venue's clock turns out to be behind, time stands still until it has caught up. */
  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.steadyMs() + this.#offsetMs);
    return this.#lastMs;
  }

  /** Reads the venue's clock. False: it can't be read, and nothing changed. */
  async measure(): Promise<boolean> {
    const sentMs = this.steadyMs();
    const venueMs = await this.prices.fetchTime().catch(() => undefined);
    const tookMs = this.steadyMs() - sentMs;
    if (venueMs === undefined || !Number.isSafeInteger(venueMs) || tookMs > ROUND_TRIP_MS_MAX) return false;
    this.#offsetMs = Math.round(venueMs - (sentMs + tookMs / 2));
    this.isKnown = true;
    return true;
  }

  /** Takes the time that the venue wrote into a frame. */
  told(venueMs: number): void {
    const aheadMs = venueMs - (this.steadyMs() + this.#offsetMs);
    if (Number.isSafeInteger(venueMs) && aheadMs > AHEAD_MS_MAX) this.#offsetMs += aheadMs;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.measure(), MEASURE_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
