/**
 * Quotes that can hardly be prices: far away from the last one, or with a spread out of all proportion. They are used for
 * nothing until more of them agree, or until one has stood for a while: then the market really is there.
 */
import type { InstrumentId } from '../domain/instrument.js';

/** As in the desk file. */
export interface QuoteRules {
  /** Implausible is what is further away than both: this many spreads of the last quote, and this part of its price. */
  readonly awaySpreads: number;
  readonly awayPct: number;
  /** Or a spread above this part of the price. */
  readonly spreadPct: number;
  /** So many that agree are believed, */
  readonly agreeing: number;
  /** or one that nothing has contradicted for so long. */
  readonly standsMs: number;
}

/** What waited while the process stood still is heard within this after the first tick. */
const HEARD_WITHIN_MS = 100;

/** Nothing is implausible: for a market that is made to jump. */
export const EVERY_QUOTE: QuoteRules = {
  awaySpreads: Number.POSITIVE_INFINITY,
  awayPct: Number.POSITIVE_INFINITY,
  spreadPct: Number.POSITIVE_INFINITY,
  agreeing: 1,
  standsMs: 0,
};

export interface Sides {
  readonly bidTicks: number;
  readonly askTicks: number;
}

/** What is held back of one instrument. */
export interface DoubtedQuote extends Sides {
  /** Quotes in a row that agree with each other. */
  readonly count: number;
  readonly sinceMonotonicMs: number;
  readonly sinceMarketMs: number;
  /** Monotonic time of the newest of the row: as a price it is as old as that. */
  readonly newestMonotonicMs: number;
  /** Monotonic time of the tick that found that it has stood; null: none has. */
  readonly stoodMonotonicMs: number | null;
  /** Its market has closed meanwhile: that it stands says nothing until one more of the row is heard. */
  readonly unheard: boolean;
  readonly because: string;
}

export interface SeenQuote extends Sides {
  readonly instrument: InstrumentId;
  readonly monotonicMs: number;
  readonly marketMs: number;
}

/** `began`: the first of a row; people are told. `held`: one more of it. */
export type Judgement = 'believed' | 'began' | 'held';

export class QuoteGuard {
  /** A quote between both can't be implausible: one comparison each is all that nearly every quote costs. */
  readonly surelyAbove: Float64Array;
  readonly surelyBelow: Float64Array;
  readonly doubted: (DoubtedQuote | null)[];
  /** What the last finished bar closed at: the price before the first quote. */
  private readonly closed: Float64Array;
  /** Where a quote surely lies near the last: both differences of two such quotes stay below the rules. */
  private readonly width: number;

  constructor(
    private readonly rules: QuoteRules,
    count: number,
  ) {
    this.surelyAbove = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
    this.surelyBelow = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
    this.doubted = Array.from({ length: count }, () => null);
    this.closed = new Float64Array(count);
    this.width = Math.min(rules.awayPct / 100, rules.spreadPct / 100, 1) / 3;
  }

  closedAt(at: InstrumentId, closeTicks: number): void {
    this.closed[at] = closeTicks;
  }

  /** For a quote outside of what is surely near; `last`: the last one that was believed. */
  judge(quote: SeenQuote, last: Sides | null): Judgement {
    const at = quote.instrument;
    const close = this.closed[at] as number;
    const because = this.whyNot(quote, last ?? (close > 0 ? { bidTicks: close, askTicks: close } : null));
    if (because === null) {
      this.believe(at, quote.bidTicks, quote.askTicks);
      return 'believed';
    }
    const before = this.doubted[at] ?? null;
    // Where the middle agrees a spread of no market is still no price: neither confirms the other.
    const agrees =
      before !== null &&
      this.isWide(quote) === this.isWide(before) &&
      this.whyNotNear(quote, before) === null;
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
    if (now.count >= this.rules.agreeing || this.hasStood(now, quote)) {
      this.believe(at, bidTicks, askTicks);
      return 'believed';
    }
    this.doubted[at] = now;
    // Until this is settled every quote is looked at.
    this.surelyAbove[at] = Number.POSITIVE_INFINITY;
    return agrees ? 'held' : 'began';
  }

  /** Whether what is held back has stood for long enough to be the price. */
  private hasStood(
    { sinceMonotonicMs, sinceMarketMs }: DoubtedQuote,
    now: { readonly monotonicMs: number; readonly marketMs: number },
  ): boolean {
    const { standsMs } = this.rules;
    return now.monotonicMs - sinceMonotonicMs >= standsMs || now.marketMs - sinceMarketMs >= standsMs;
  }

  /**
   * At a tick: what is held back of the instrument, once it has stood, and a tick after that one found it uncontradicted,
   * too. The first alone proves nothing: where the process stood still, what contradicts may be waiting behind it.
   */
  standing(
    at: InstrumentId,
    now: { readonly monotonicMs: number; readonly marketMs: number },
  ): DoubtedQuote | null {
    const doubted = this.doubted[at] ?? null;
    if (doubted === null || doubted.unheard || !this.hasStood(doubted, now)) return null;
    if (doubted.stoodMonotonicMs === null) {
      this.doubted[at] = { ...doubted, stoodMonotonicMs: now.monotonicMs };
      return null;
    }
    return now.monotonicMs - doubted.stoodMonotonicMs >= HEARD_WITHIN_MS ? doubted : null;
  }

  /** Monotonic time of the next tick that `standing` needs; null: nothing is held back. */
  dueMs(at: InstrumentId): number | null {
    const doubted = this.doubted[at] ?? null;
    if (doubted === null || doubted.unheard) return null;
    const { stoodMonotonicMs, sinceMonotonicMs } = doubted;
    return stoodMonotonicMs === null
      ? sinceMonotonicMs + this.rules.standsMs
      : stoodMonotonicMs + HEARD_WITHIN_MS;
  }

  /** Nobody listened meanwhile: that nothing contradicted what is held back says nothing. */
  forgetDoubts(): void {
    this.doubted.fill(null);
  }

  /** Nobody speaks: what is held back becomes the price by others that agree, and not by standing. */
  stopClock(at: InstrumentId): void {
    const doubted = this.doubted[at] ?? null;
    if (doubted !== null && !doubted.unheard) this.doubted[at] = { ...doubted, unheard: true };
  }

  believe(at: InstrumentId, bidTicks: number, askTicks: number): void {
    this.doubted[at] = null;
    this.surelyAbove[at] = bidTicks * (1 - this.width);
    this.surelyBelow[at] = askTicks * (1 + this.width);
    // With a spread that is wide already nothing is surely near.
    if (askTicks - bidTicks > bidTicks * this.width) this.surelyAbove[at] = Number.POSITIVE_INFINITY;
  }

  private whyNot(quote: Sides, last: Sides | null): string | null {
    // Where the last one that was believed was as wide, that is what this market is like.
    const wasWide = last !== null && this.isWide(last);
    if (this.isWide(quote) && !wasWide) return `its spread is ${spreadPctOf(quote).toFixed(1)} %`;
    return last === null ? null : this.whyNotNear(quote, last);
  }

  private isWide(quote: Sides): boolean {
    return spreadPctOf(quote) > this.rules.spreadPct;
  }

  private whyNotNear(quote: Sides, last: Sides): string | null {
    const away = Math.abs(middleOf(quote) - middleOf(last));
    const awayPct = (away * 100) / middleOf(last);
    const spread = last.askTicks - last.bidTicks;
    if (awayPct <= this.rules.awayPct || away <= this.rules.awaySpreads * spread) return null;
    return `it is ${awayPct.toFixed(1)} % away from the last one`;
  }
}

const middleOf = ({ bidTicks, askTicks }: Sides): number => (bidTicks + askTicks) / 2;
const spreadPctOf = (sides: Sides): number => ((sides.askTicks - sides.bidTicks) * 100) / middleOf(sides);
