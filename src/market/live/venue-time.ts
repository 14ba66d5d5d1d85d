/**
 * Market time of live prices: the venue's clock, gone on between two readings by a clock that nobody can set. Where the
 * venue tells no time it is the machine's, as it was when the process started.
 */
import type { PriceConnection } from '../../venue/prices.js';

const MEASURE_EVERY_MS = 60_000;
/** An answer that took longer says too little about the moment that it tells of. */
const ROUND_TRIP_MS_MAX = 2000;
/** A frame is written a little before it is read: one that is ahead by more than this is news, as after a sleep. */
const AHEAD_MS_MAX = 1000;

export class VenueTime {
  #offsetMs = 0;
  #lastMs = 0;
  /** The venue has told it once. */
  isKnown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly prices: Pick<PriceConnection, 'fetchTime'>,
    /** Milliseconds since 1970, never set back or forth. */
    private readonly steadyMs: () => number,
  ) {}

  /** Never goes back: where the venue's clock turns out to be behind, time stands until that has caught up. */
  nowMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.steadyMs() + this.#offsetMs);
    return this.#lastMs;
  }

  /** Reads the venue's clock. What can't be read leaves everything as it was: false. */
  async measure(): Promise<boolean> {
    const sentMs = this.steadyMs();
    const venueMs = await this.prices.fetchTime().catch(() => undefined);
    const tookMs = this.steadyMs() - sentMs;
    if (venueMs === undefined || !Number.isSafeInteger(venueMs) || tookMs > ROUND_TRIP_MS_MAX) return false;
    this.#offsetMs = Math.round(venueMs - (sentMs + tookMs / 2));
    this.isKnown = true;
    return true;
  }

  /** As the venue wrote it into a frame. */
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
