/** When data is too thin or too damaged to say anything about a strategy. */
import type { SessionCalendar } from '../../domain/sessions/session-calendar.js';
import type { Coverage } from './bar-coverage.js';

/** At most this percentage of the bars may be missing. */
const MISSING_PCT_MAX = 1;
/** A longer gap hides what would have happened in it. */
const GAP_MS_MAX = 5 * 60_000;
/** Prices that stand still for longer come from a feed that hangs. */
const STILL_MS_MAX = 30 * 60_000;
/** The last price may be this long before the end: quotes and trades do not come on the second. */
const EARLY_MS_MAX = 60_000;

export type DataProblemKind =
  | 'no-data'
  | 'damaged'
  | 'ended-early'
  | 'missing-bars'
  | 'gap'
  | 'missing-hours'
  | 'stale'
  | 'no-trades'
  | 'not-repeatable'
  | 'books-differ';

export interface DataProblem {
  readonly kind: DataProblemKind;
  /** Null: the problem concerns the run as a whole. */
  readonly symbol: string | null;
  readonly text: string;
}

/** The strategy waits for trades, which these prices do not contain: that it did nothing says nothing about it. */
export function untoldTrades(strategy: string, symbol: string): DataProblem {
  const text = `${strategy} listens to trades, and the prices of ${symbol} tell of none: give a recording of trades`;
  return { kind: 'no-trades', symbol, text };
}

export function coverageProblems(coverage: Coverage): readonly DataProblem[] {
  const { symbol, expected, bars, missing, spanMs } = coverage;
  if (bars === 0) return [{ kind: 'no-data', symbol, text: `${symbol}: no bar in the whole time` }];
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
  return problems;
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
