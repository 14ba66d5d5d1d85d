/** The newest quotes that surely count: after a silence the market may be far away, and a far quote counts once it has stood. */

/** Nearer than this to the price before it a quote counts at once; */
const SURELY_NEAR = 0.028;
/** one that is further away may be held back for so long: two seconds, and what a quote and a tick may be late. */
const HELD_BACK_MS_MAX = 2_500;

const isSurelyNear = (bidTicks: number, before: number): boolean =>
  Math.abs(bidTicks - before) <= before * SURELY_NEAR;

export class CountedQuotes {
  readonly #counted = new Map<number, { readonly bidTicks: number; readonly atMs: number }>();
  /** Those after them that may be held back: the newest one, and since when all were near to each other. */
  readonly #heldBack = new Map<number, { readonly bidTicks: number; readonly sinceMs: number }>();

  restarted(): void {
    this.#counted.clear();
    this.#heldBack.clear();
  }

  /** What was held back before the jump has to stand anew. */
  clockJumped(): void {
    this.#heldBack.clear();
  }

  take(instrument: number, bidTicks: number, wallMs: number): void {
    const before = this.#counted.get(instrument);
    const isNear = before === undefined || isSurelyNear(bidTicks, before.bidTicks);
    const held = this.#heldBack.get(instrument);
    const sinceMs = held !== undefined && isSurelyNear(bidTicks, held.bidTicks) ? held.sinceMs : wallMs;
    if (isNear || wallMs - sinceMs >= HELD_BACK_MS_MAX) {
      this.#counted.set(instrument, { bidTicks, atMs: wallMs });
      this.#heldBack.delete(instrument);
    } else {
      this.#heldBack.set(instrument, { bidTicks, sinceMs });
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
