/**
 * The bars of one instrument as one strategy sees them: each bar as it arrives, and longer ones built from
 * them. Longer bars begin at whole multiples of their span since midnight UTC or, in a market with hours,
 * since the session began; none extends past the end of a session.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { FinishedBar } from '../../domain/quote-columns.js';
import type { Phase, SessionCalendar } from '../../domain/sessions/session-calendar.js';

/**
 * `spanMs` is the requested span, even for a bar cut short by the end of its session. `late`: a newer bar of
 * its span has ended since.
 */
interface ShownBar extends FinishedBar {
  readonly late: boolean;
}

export class BarStream {
  lastOpenMs = Number.NEGATIVE_INFINITY;
  readonly longestMs: number;
  /** Why a wanted span can't be built from the incoming bars. Null: all can. */
  unfit: string | null = null;
  readonly #calendar: SessionCalendar;
  readonly #wanted: readonly BarBuilder[];

  /** `spansMs`: shortest first. */
  constructor(spansMs: readonly number[], calendar: SessionCalendar) {
    this.#calendar = calendar;
    this.#wanted = spansMs.map((spanMs) => new BarBuilder(spanMs));
    this.longestMs = spansMs.at(-1) ?? MINUTE_MS;
  }

  /**
   * The bars shown for an incoming one, in order: longer bars that ended before it began, the bar itself if
   * its span is wanted, then longer bars that end with it; shorter spans first. Nothing for a bar seen
   * before.
   */
  take(bar: FinishedBar): readonly ShownBar[] {
    if (bar.openMs <= this.lastOpenMs) return [];
    this.lastOpenMs = bar.openMs;
    const session = this.#sessionOf(bar);
    const [before, after]: [ShownBar[], ShownBar[]] = [[], []];
    for (const builder of this.#wanted) {
      if (builder.spanMs % bar.spanMs !== 0) {
        this.unfit = `it asks for bars of ${spanText(builder.spanMs)}, and prices come in bars of ${spanText(bar.spanMs)}`;
        continue;
      }
      if (bar.spanMs === builder.spanMs) after.push({ ...bar, late: false });
      else builder.take(bar, session, before, after);
    }
    return before.length === 0 ? after : [...before, ...after];
  }

  /** Null: the market is always open. */
  #sessionOf({ openMs }: FinishedBar): Phase | null {
    if (this.#calendar.hours.week === null) return null;
    const phase = this.#calendar.phaseAt(openMs);
    return phase.open ? phase : this.#calendar.phaseAt(phase.untilMs);
  }
}

interface GrowingBar extends FinishedBar {
  readonly endMs: number;
}

/** Joins the bars of one span. */
class BarBuilder {
  #bar: GrowingBar | null = null;
  /** Bars that begin earlier are not shown: their first minutes came before the first bar seen. */
  #wholeFromMs: number | null = null;

  constructor(readonly spanMs: number) {}

  /** Adds to `before` a bar that ended earlier, and to `after` the one that ends with this bar. */
  take(bar: FinishedBar, session: Phase | null, before: ShownBar[], after: ShownBar[]): void {
    const { spanMs } = this;
    const barEndMs = bar.openMs + bar.spanMs;
    if (this.#bar !== null && bar.openMs >= this.#bar.endMs) {
      const late = this.#bar.endMs + spanMs <= barEndMs;
      this.#finish(this.#bar, late, before);
    }
    const { openTicks, highTicks, lowTicks, closeTicks, volumeLots } = bar;
    if (this.#bar === null) {
      const fromMs = session?.fromMs ?? 0;
      const openMs = fromMs + Math.floor((bar.openMs - fromMs) / spanMs) * spanMs;
      const endMs = Math.min(openMs + spanMs, session?.untilMs ?? Number.POSITIVE_INFINITY);
      this.#wholeFromMs ??= openMs === bar.openMs ? openMs : endMs;
      this.#bar = { openMs, spanMs, endMs, openTicks, highTicks, lowTicks, closeTicks, volumeLots };
    } else {
      this.#bar = {
        ...this.#bar,
        highTicks: Math.max(this.#bar.highTicks, highTicks),
        lowTicks: Math.min(this.#bar.lowTicks, lowTicks),
        closeTicks,
        volumeLots: this.#bar.volumeLots + volumeLots,
      };
    }
    if (barEndMs >= this.#bar.endMs) this.#finish(this.#bar, false, after);
  }

  #finish({ endMs: _endMs, ...bar }: GrowingBar, late: boolean, into: ShownBar[]): void {
    if (bar.openMs >= (this.#wholeFromMs ?? bar.openMs)) into.push({ ...bar, late });
    this.#bar = null;
  }
}

/** `15m`, `4h`, `1d`. */
export function spanText(spanMs: number): string {
  if (spanMs % DAY_MS === 0) return `${spanMs / DAY_MS}d`;
  return spanMs % HOUR_MS === 0 ? `${spanMs / HOUR_MS}h` : `${spanMs / MINUTE_MS}m`;
}
