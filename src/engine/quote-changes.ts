/** Since when each instrument's quote arrives unchanged. Tracked only if a limit uses it; not durable. */
import type { InstrumentId } from '../domain/instrument.js';

/** Sizes of a quote whose source reports none. */
const UNKNOWN = -1;

export class QuoteChanges {
  readonly #bidTicks: Float64Array;
  readonly #askTicks: Float64Array;
  readonly #bidLots: Float64Array;
  readonly #askLots: Float64Array;
  /** Monotonic times of the first and the newest of the identical quotes. */
  readonly #firstMs: Float64Array;
  readonly #newestMs: Float64Array;
  #repeated = true;

  constructor(count: number) {
    this.#bidTicks = new Float64Array(count);
    this.#askTicks = new Float64Array(count);
    this.#bidLots = new Float64Array(count);
    this.#askLots = new Float64Array(count);
    this.#firstMs = new Float64Array(count).fill(Number.NaN);
    this.#newestMs = new Float64Array(count).fill(Number.NaN);
  }

  /** Takes a believed quote. `quotedMs`: monotonic time of the quote itself. */
  see(
    at: InstrumentId,
    bidTicks: number,
    askTicks: number,
    bidLots: number | undefined,
    askLots: number | undefined,
    quotedMs: number,
  ): void {
    const [bidSize, askSize] = [bidLots ?? UNKNOWN, askLots ?? UNKNOWN];
    const isSame =
      this.#bidTicks[at] === bidTicks &&
      this.#askTicks[at] === askTicks &&
      this.#bidLots[at] === bidSize &&
      this.#askLots[at] === askSize;
    this.#newestMs[at] = quotedMs;
    if (isSame) {
      if (quotedMs > (this.#firstMs[at] as number)) this.#repeated = true;
      return;
    }
    this.#bidTicks[at] = bidTicks;
    this.#askTicks[at] = askTicks;
    this.#bidLots[at] = bidSize;
    this.#askLots[at] = askSize;
    this.#firstMs[at] = quotedMs;
  }

  /** Whether a quote has repeated itself later since `settle`: nothing else makes an unchanged one last longer. */
  get hasRepeated(): boolean {
    return this.#repeated;
  }

  settle(): void {
    this.#repeated = false;
  }

  /**
   * From the first quote identical to the newest, or from `openSinceMs` if later, to the newest. Null: no
   * quote yet.
   */
  unchangedMs(at: InstrumentId, openSinceMs: number): number | null {
    const firstMs = this.#firstMs[at] as number;
    if (Number.isNaN(firstMs)) return null;
    return Math.max(0, (this.#newestMs[at] as number) - Math.max(firstMs, openSinceMs));
  }
}
