/** Data too thin or too damaged to say anything about a strategy, and strategies that failed on it. */
import type { MarketBar } from '../../contracts/market-feed.js';
import { HOUR_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { SplitRatio } from '../../domain/corporate-action.js';
import { grouped } from '../../domain/figure-text.js';
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';

/** At most this percentage of the bars may be missing. */
const MISSING_PCT_MAX = 1;
/** A longer gap hides what happened in it. */
const GAP_MS_MAX = 5 * 60_000;
/** Prices that stand still for longer come from a hung feed. */
const STILL_MS_MAX = 30 * 60_000;
/** A price this many times the previous one, or that small a fraction of it, is an error in the recording. */
const ABSURD_FACTOR = 10;
/** The last price may be this long before the end: quotes and trades do not come on the second. */
const EARLY_MS_MAX = 60_000;

export type DataProblemKind =
  | 'no-data'
  | 'damaged'
  | 'ended-early'
  | 'missing-bars'
  | 'outside-hours'
  | 'gap'
  | 'missing-hours'
  | 'stale'
  | 'implausible'
  | 'no-trades'
  | 'over-roll'
  | 'strategy-failed'
  | 'not-repeatable'
  | 'books-differ';

export interface DataProblem {
  readonly kind: DataProblemKind;
  /** Null: the problem concerns the run as a whole. */
  readonly symbol: string | null;
  readonly text: string;
}

/** The strategy waits for trades, which these prices lack, so its inaction says nothing about it. */
export function untoldTrades(strategy: string, symbol: string): DataProblem {
  const text = `${strategy} listens to trades, and the prices of ${symbol} tell of none: give a recording of trades`;
  return { kind: 'no-trades', symbol, text };
}

export function coverageProblems(coverage: Coverage): readonly DataProblem[] {
  const { symbol, expected, bars, missing, spanMs } = coverage;
  const outside = outsideText(coverage);
  if (bars === 0) {
    const text = outside ?? `${symbol}: no bar in the whole time`;
    return [{ kind: 'no-data', symbol, text }];
  }
  const problems: DataProblem[] = [];
  const add = (kind: DataProblemKind, text: string) =>
    problems.push({ kind, symbol, text: `${symbol}: ${text}` });
  const missingPct = (missing / expected) * 100;
  if (missingPct > MISSING_PCT_MAX) {
    add(
      'missing-bars',
      `${bars} of ${expected} bars of ${minutes(spanMs)}; ${missing} (${missingPct.toFixed(1)} %) are missing, at most ${MISSING_PCT_MAX} % may be`,
    );
  }
  if (outside !== null && missingPct > MISSING_PCT_MAX)
    problems.push({ kind: 'outside-hours', symbol, text: outside });
  if (coverage.emptyHours > 0) add('missing-hours', `${coverage.emptyHours} hours have no bar at all`);
  // With long bars, one may be late but none may be missing.
  const gapMsMax = Math.max(GAP_MS_MAX, spanMs - 1);
  if (coverage.longestGapMs > gapMsMax && coverage.longestGapFromMs !== null) {
    const from = new Date(coverage.longestGapFromMs).toISOString();
    add(
      'gap',
      `no price for ${minutes(coverage.longestGapMs)} from ${from} on, at most ${minutes(gapMsMax)} may be`,
    );
  }
  if (coverage.longestStillMs > Math.max(STILL_MS_MAX, spanMs)) {
    add('stale', `the price stood still for ${minutes(coverage.longestStillMs)}`);
  }
  if (coverage.absurd !== null) {
    const { openMs, factor, bars: found } = coverage.absurd;
    const more = found > 1 ? ` (${found} such bars)` : '';
    add(
      'implausible',
      `the bar of ${new Date(openMs).toISOString()} goes to ${Number(factor.toPrecision(3))} times the price before it${more}: it was traded as it stands; correct the recording if that was no price`,
    );
  }
  return problems;
}

/**
 * Null: at most half of the bars are outside the market's hours. Recordings with prices before and after a session have
 * more than that without a fault, so the caller also looks whether bars of the session itself are missing.
 */
function outsideText({ symbol, bars, outside }: Coverage): string | null {
  if (outside === undefined || outside.bars <= bars) return null;
  const [count, from] = [grouped(String(outside.bars)), new Date(outside.firstMs).toISOString()];
  const part = bars === 0 ? `all ${count} bars` : `${count} of ${grouped(String(outside.bars + bars))} bars`;
  return `${symbol}: ${part} begin while its market is closed, from ${from} on, and were shown to no strategy: compare the times of the file (UTC) with instruments[].sessions`;
}

/** Null: prices reached the end, or the markets had closed by then. */
export function endedEarly(
  lastMs: number | null,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  calendars: readonly SessionCalendar[],
): DataProblem | null {
  if (lastMs !== null && calendars.every((calendar) => calendar.openMs(lastMs, toMs) <= EARLY_MS_MAX))
    return null;
  const hours = (ms: number) => (ms / 3_600_000).toFixed(1);
  const covered = lastMs === null ? 0 : lastMs - fromMs;
  return {
    kind: 'ended-early',
    symbol: null,
    text: `prices ended after ${hours(covered)} h, ${hours(toMs - fromMs - covered)} h before the time was up`,
  };
}

const minutes = (ms: number): string => `${Number((ms / 60_000).toFixed(1))} min`;

export interface Coverage {
  readonly symbol: string;
  readonly spanMs: number;
  /** Bars that fit into the requested time while the market was open. */
  readonly expected: number;
  readonly bars: number;
  readonly missing: number;
  readonly longestGapMs: number;
  /** Start of the longest gap. Null: there is none. */
  readonly longestGapFromMs: number | null;
  /** Clock hours of the requested time with an open market but no bar. */
  readonly emptyHours: number;
  /** Longest time without a price movement. */
  readonly longestStillMs: number;
  /** The first bar whose prices are far from the one before, how far, and how many there are. Null: none. */
  readonly absurd: { readonly openMs: number; readonly factor: number; readonly bars: number } | null;
  /** Bars while the market was closed, and when the first of them begins. Left out: none. */
  readonly outside?: { readonly bars: number; readonly firstMs: number };
}

/** How much of the requested time the bars of one instrument cover while its market was open. */
export class BarCoverage {
  #spanMs = MINUTE_MS;
  #bars = 0;
  #endMs: number;
  #longestGapMs = 0;
  #longestGapFromMs: number | null = null;
  #stillMs = 0;
  #longestStillMs = 0;
  #lastTicks: number | null = null;
  #absurd: Coverage['absurd'] = null;
  #outside: Coverage['outside'];
  readonly #hours = new Set<number>();
  /** The newest of them: most bars are of the same one. */
  #lastHour = Number.NaN;

  constructor(
    readonly symbol: string,
    readonly fromMs: number,
    private readonly calendar: SessionCalendar,
  ) {
    this.#endMs = fromMs;
  }

  add(bar: MarketBar): void {
    const { openMs, spanMs, openTicks, highTicks, lowTicks, closeTicks } = bar;
    if (!this.calendar.opensWithin(openMs, openMs + spanMs)) {
      const { firstMs = openMs, bars = 0 } = this.#outside ?? {};
      this.#outside = { bars: bars + 1, firstMs };
      return;
    }
    this.#spanMs = spanMs;
    this.#gap(openMs);
    this.#endMs = openMs + spanMs;
    this.#bars += 1;
    for (let hour = hourOf(openMs); hour <= hourOf(this.#endMs - 1); hour += 1) {
      if (hour === this.#lastHour) continue;
      this.#lastHour = hour;
      this.#hours.add(hour);
    }
    const still = highTicks === lowTicks && (this.#lastTicks ?? openTicks) === closeTicks;
    this.#stillMs = still ? this.#stillMs + spanMs : 0;
    this.#longestStillMs = Math.max(this.#longestStillMs, this.#stillMs);
    this.#compare(bar);
    this.#lastTicks = closeTicks;
  }

  /** Later prices are in new shares. */
  split({ numerator, denominator }: SplitRatio): void {
    if (this.#lastTicks !== null) this.#lastTicks = (this.#lastTicks * denominator) / numerator;
  }

  #compare({ openMs, highTicks, lowTicks }: MarketBar): void {
    const before = this.#lastTicks;
    if (before === null || (highTicks < before * ABSURD_FACTOR && lowTicks * ABSURD_FACTOR > before)) return;
    const factor = (highTicks >= before * ABSURD_FACTOR ? highTicks : lowTicks) / before;
    this.#absurd = { openMs, factor, ...this.#absurd, bars: (this.#absurd?.bars ?? 0) + 1 };
  }

  /** For the time from `fromMs` to `toMs`. */
  result(toMs: number): Coverage {
    const spanMs = this.#spanMs;
    // The first bar of live quotes begins within its minute; only whole bars count.
    const firstMs = Math.ceil(this.fromMs / spanMs) * spanMs;
    const expected = Math.max(0, Math.floor(this.calendar.openMs(firstMs, toMs) / spanMs));
    this.#gap(toMs - (toMs % spanMs));
    const bars = Math.min(this.#bars, expected);
    return {
      symbol: this.symbol,
      spanMs,
      expected,
      bars,
      missing: expected - bars,
      longestGapMs: this.#longestGapMs,
      longestGapFromMs: this.#longestGapFromMs,
      emptyHours: this.#emptyHours(toMs),
      longestStillMs: this.#longestStillMs,
      absurd: this.#absurd,
      ...(this.#outside === undefined ? {} : { outside: this.#outside }),
    };
  }

  #gap(untilMs: number): void {
    if (untilMs - this.#endMs <= this.#longestGapMs) return;
    const gapMs = this.calendar.openMs(this.#endMs, untilMs);
    if (gapMs <= this.#longestGapMs) return;
    this.#longestGapMs = gapMs;
    this.#longestGapFromMs = this.#endMs;
  }

  #emptyHours(toMs: number): number {
    let empty = 0;
    const last = hourOf(toMs - 1);
    for (let hour = hourOf(this.fromMs); hour <= last; hour += 1) {
      const fromMs = hour * HOUR_MS;
      if (!this.#hours.has(hour) && this.calendar.opensWithin(fromMs, fromMs + HOUR_MS)) empty += 1;
    }
    return empty;
  }
}

const hourOf = (ms: number): number => Math.floor(ms / HOUR_MS);
