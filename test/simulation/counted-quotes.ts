/** The newest quotes that surely count: after a silence the market may be far away, and a far quote counts once it has stood. */

/** Nearer than this to the price before it a quote counts at once; */
const SURELY_NEAR = 0.028;
/** one that is further away may be held back for so long: two seconds, and what a quote and a tick may be late. */
const HELD_BACK_MS_MAX = 2_500;

export class CountedQuotes {
  readonly #counted = new Map<number, { readonly bidTicks: number; readonly atMs: number }>();
  /** Since when those after them may be held back. */
  readonly #heldBackSinceMs = new Map<number, number>();

  restarted(): void {
    this.#counted.clear();
    this.#heldBackSinceMs.clear();
  }

  /** What was held back before the jump has to stand anew. */
  clockJumped(): void {
    this.#heldBackSinceMs.clear();
  }

  take(instrument: number, bidTicks: number, wallMs: number): void {
    const before = this.#counted.get(instrument);
    const isNear =
      before === undefined || Math.abs(bidTicks - before.bidTicks) <= before.bidTicks * SURELY_NEAR;
    const sinceMs = this.#heldBackSinceMs.get(instrument) ?? wallMs;
    if (isNear || wallMs - sinceMs >= HELD_BACK_MS_MAX) {
      this.#counted.set(instrument, { bidTicks, atMs: wallMs });
      this.#heldBackSinceMs.delete(instrument);
    } else {
      this.#heldBackSinceMs.set(instrument, sinceMs);
    }
  }

  bidTicks(instrument: number): number | undefined {
    return this.#counted.get(instrument)?.bidTicks;
  }

  /** One that counts was heard so lately. */
  isFresh(instrument: number, wallMs: number, freshMs: number): boolean {
    const counted = this.#counted.get(instrument);
    return counted !== undefined && wallMs - counted.atMs < freshMs;
  }

  /** Those of which a quote counts. */
  get instruments(): readonly number[] {
    return [...this.#counted.keys()];
  }
}
