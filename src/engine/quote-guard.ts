/**
 * Holds back implausible quotes: far from the last one, or with an extreme spread. They are not used until further
 * quotes agree, or until one has stood for a while: then the market really is there.
 */
import { type SplitRatio, splitPrice } from '../domain/corporate-action.js';
import type { InstrumentId } from '../domain/instrument.js';

/** The rules of the desk file. */
export interface QuoteRules {
  /**
   * A quote is implausible if it is away by more than both: this many spreads of the last quote, and `awayPct` of its
   * price.
   */
  readonly awaySpreads: number;
  readonly awayPct: number;
  /** It is also implausible with a spread above this percentage of the price. */
  readonly spreadPct: number;
  /** This many agreeing quotes are believed. */
  readonly agreeing: number;
  /** A quote that nothing has contradicted for this long is believed. */
  readonly standsMs: number;
}

/** After the process stood still, queued quotes arrive within this time after the first tick. */
const HEARD_WITHIN_MS = 100;

export interface Sides {
  readonly bidTicks: number;
  readonly askTicks: number;
}

/** A quote of one instrument that is held back. */
interface DoubtedQuote extends Sides {
  /** Quotes in a row that agree. */
  readonly count: number;
  readonly sinceMonotonicMs: number;
  readonly sinceMarketMs: number;
  /** Monotonic time of the newest quote of the row, which is its age once it is believed. */
  readonly newestMonotonicMs: number;
  /** Monotonic time of the tick at which it had stood for long enough. Null: it has not. */
  readonly stoodMonotonicMs: number | null;
  /** Its market has closed since. That it still stands means nothing until another quote agrees. */
  readonly unheard: boolean;
  readonly because: string;
}

interface SeenQuote extends Sides {
  readonly instrument: InstrumentId;
  readonly monotonicMs: number;
  readonly marketMs: number;
}

/** `began`: the first quote of a row that is held back; people are notified. `held`: another one. */
type Judgement = 'believed' | 'began' | 'held';

export class QuoteGuard {
  /** A quote between both bounds can't be implausible: nearly every quote costs one comparison with each. */
  readonly surelyAbove: Float64Array;
  readonly surelyBelow: Float64Array;
  readonly doubted: (DoubtedQuote | null)[];
  /** Close of the last finished bar: the price before the first quote. */
  readonly #closed: Float64Array;
  /** How near a quote must be to the last one, as a part of its price, to be plausible by either rule. */
  readonly #width: number;

  constructor(
    private readonly rules: QuoteRules,
    count: number,
    /** Each quote of theirs is believed. */
    private readonly believed: readonly InstrumentId[] = [],
  ) {
    this.surelyAbove = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.surelyBelow = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.doubted = Array.from({ length: count }, () => null);
    this.#closed = new Float64Array(count);
    this.#width = Math.min(rules.awayPct / 100, rules.spreadPct / 100, 1) / 3;
  }

  /** Whether any quote is held back. */
  get holdsBack(): boolean {
    for (const doubted of this.doubted) if (doubted !== null) return true;
    return false;
  }

  closedAt(at: InstrumentId, closeTicks: number): void {
    this.#closed[at] = closeTicks;
  }

  /** Judges a quote outside the bounds. `last`: the last quote that was believed. */
  judge(quote: SeenQuote, last: Sides | null): Judgement {
    const at = quote.instrument;
    const close = this.#closed[at] as number;
    const known = last ?? (close > 0 ? { bidTicks: close, askTicks: close } : null);
    const because = this.believed.includes(at) ? null : this.#whyNot(quote, known);
    if (because === null) {
      this.believe(at, quote.bidTicks, quote.askTicks);
      return 'believed';
    }
    const before = this.doubted[at] ?? null;
    // Even with equal mids, an extreme spread is no price: a wide quote and a narrow one never confirm each
    // other.
    const agrees =
      before !== null &&
      this.#isWide(quote) === this.#isWide(before) &&
      this.#whyNotNear(quote, before) === null;
    const stands = agrees && !before.unheard;
    const { bidTicks, askTicks } = quote;
    const now: DoubtedQuote = {
      ...{ bidTicks, askTicks, because },
      count: agrees ? before.count + 1 : 1,
      sinceMonotonicMs: stands ? before.sinceMonotonicMs : quote.monotonicMs,
      sinceMarketMs: stands ? before.sinceMarketMs : quote.marketMs,
      newestMonotonicMs: quote.monotonicMs,
      stoodMonotonicMs: null,
      unheard: false,
    };
    if (now.count >= this.rules.agreeing || this.#hasStood(now, quote)) {
      this.believe(at, bidTicks, askTicks);
      return 'believed';
    }
    this.doubted[at] = now;
    // Until the doubt is resolved, every quote is judged.
    this.surelyAbove[at] = Number.POSITIVE_INFINITY;
    return agrees ? 'held' : 'began';
  }

  /** Whether a quote that is held back has stood for long enough to be the price. */
  #hasStood(
    { sinceMonotonicMs, sinceMarketMs }: DoubtedQuote,
    now: { readonly monotonicMs: number; readonly marketMs: number },
  ): boolean {
    const { standsMs } = this.rules;
    return now.monotonicMs - sinceMonotonicMs >= standsMs || now.marketMs - sinceMarketMs >= standsMs;
  }

  /**
   * Called at a tick: returns the quote that is held back once it has stood for long enough and a later tick
   * has found it uncontradicted too. The first tick alone proves nothing: if the process stood still, quotes
   * that contradict it may be queued behind it.
   */
  standing(
    at: InstrumentId,
    now: { readonly monotonicMs: number; readonly marketMs: number },
  ): DoubtedQuote | null {
    const doubted = this.doubted[at] ?? null;
    if (doubted === null || doubted.unheard || !this.#hasStood(doubted, now)) return null;
    if (doubted.stoodMonotonicMs === null) {
      this.doubted[at] = { ...doubted, stoodMonotonicMs: now.monotonicMs };
      return null;
    }
    return now.monotonicMs - doubted.stoodMonotonicMs >= HEARD_WITHIN_MS ? doubted : null;
  }

  /** Monotonic time of the next tick that `standing` needs. Null: nothing is held back. */
  dueMs(at: InstrumentId): number | null {
    const doubted = this.doubted[at] ?? null;
    if (doubted === null || doubted.unheard) return null;
    const { stoodMonotonicMs, sinceMonotonicMs } = doubted;
    return stoodMonotonicMs === null
      ? sinceMonotonicMs + this.rules.standsMs
      : stoodMonotonicMs + HEARD_WITHIN_MS;
  }

  /** Nobody listened in the meantime, so the lack of contradiction means nothing. */
  forgetDoubts(): void {
    this.doubted.fill(null);
  }

  /** Quotes so far were for old shares: later ones are judged by the last one as converted by the split. */
  split(at: InstrumentId, ratio: SplitRatio, last: Sides | null): void {
    const close = this.#closed[at] as number;
    if (close > 0) this.#closed[at] = splitPrice(close, ratio);
    if (last === null) {
      this.doubted[at] = null;
      this.surelyAbove[at] = Number.POSITIVE_INFINITY;
      this.surelyBelow[at] = Number.NEGATIVE_INFINITY;
    } else this.believe(at, last.bidTicks, last.askTicks);
  }

  /** The market is silent: the quote held back can become the price only if others agree, not by standing. */
  stopClock(at: InstrumentId): void {
    const doubted = this.doubted[at] ?? null;
    if (doubted !== null && !doubted.unheard) this.doubted[at] = { ...doubted, unheard: true };
  }

  believe(at: InstrumentId, bidTicks: number, askTicks: number): void {
    this.doubted[at] = null;
    this.surelyAbove[at] = bidTicks * (1 - this.#width);
    this.surelyBelow[at] = askTicks * (1 + this.#width);
    // If the spread is wide already, no distance is surely plausible.
    if (askTicks - bidTicks > bidTicks * this.#width) this.surelyAbove[at] = Number.POSITIVE_INFINITY;
  }

  #whyNot(quote: Sides, last: Sides | null): string | null {
    // If the last believed quote had as wide a spread, that is normal for this market.
    const wasWide = last !== null && this.#isWide(last);
    if (this.#isWide(quote) && !wasWide) return `its spread is ${spreadPctOf(quote).toFixed(1)} %`;
    return last === null ? null : this.#whyNotNear(quote, last);
  }

  #isWide(quote: Sides): boolean {
    return spreadPctOf(quote) > this.rules.spreadPct;
  }

  #whyNotNear(quote: Sides, last: Sides): string | null {
    const away = Math.abs(middleOf(quote) - middleOf(last));
    const awayPct = (away * 100) / middleOf(last);
    const spread = last.askTicks - last.bidTicks;
    if (awayPct <= this.rules.awayPct || away <= this.rules.awaySpreads * spread) return null;
    return `it is ${awayPct.toFixed(1)} % away from the last one`;
  }
}

const middleOf = ({ bidTicks, askTicks }: Sides): number => (bidTicks + askTicks) / 2;
const spreadPctOf = (sides: Sides): number => ((sides.askTicks - sides.bidTicks) * 100) / middleOf(sides);
