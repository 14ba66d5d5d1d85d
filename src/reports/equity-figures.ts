/** Return, Sharpe ratio and largest drawdown of a desk's equity, wherever they are shown. */
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import {
  DrawdownMeter,
  type EquityAndCapital,
  growthOf,
  HOURS_PER_YEAR,
  returnsOnCapital,
  sharpeRatio,
} from '../domain/statistics.js';
import type { DeskCalendar } from '../domain/trading-day.js';
import { datesOf } from '../domain/zone-offset.js';
import { type EquityStep, readEquitySteps, type Span, withoutStart } from '../store/ledger-figures.js';
import type { ReportContext } from './report.js';

/** Two days of minutes. */
export const CURVE_POINTS_MAX = 3_000;

interface EquityFigures {
  /** Hours of market time with equity. */
  readonly hours: number;
  /** Null, like the drawdown, if there is no equity. */
  readonly returnPct: number | null;
  readonly sharpe: number | null;
  readonly maxDrawdownPct: number | null;
}

/** `curve`: what it starts from, and the last equity of each step, oldest first. */
export async function readEquityFigures(
  curve: (stepMs: number) => Promise<readonly EquityStep[]>,
): Promise<EquityFigures> {
  const hourly = await curve(HOUR_MS);
  const hours = withoutStart(hourly).length;
  if (hours === 0) return { hours: 0, returnPct: null, sharpe: null, maxDrawdownPct: null };
  // A fall that recovers within an hour is also a drawdown, so the curve is as fine as on the desk's own
  // page.
  const stepMs = Math.max(MINUTE_MS, Math.ceil((hours * HOUR_MS) / CURVE_POINTS_MAX));
  const finer = stepMs < HOUR_MS ? await curve(stepMs) : hourly;
  const returns = returnsOnCapital(hourly);
  return {
    hours,
    returnPct: ((growthOf(returns).at(-1) ?? 1) - 1) * 100,
    sharpe: sharpeRatio(returns, HOURS_PER_YEAR),
    maxDrawdownPct: Math.max(drawdownOf(hourly), drawdownOf(finer)) * 100,
  };
}

/**
 * What the days start from, and the last equity of each of the desk's own days, oldest first. The span may
 * begin within the first day. Read by minutes: in some zones a day does not begin on a full hour, and on a
 * clock change it has 23 or 25 of them.
 */
export async function readEquityDays(
  pool: ReportContext['pool'],
  span: Span,
  calendar: DeskCalendar,
): Promise<readonly EquityStep[]> {
  const dateOf = datesOf(calendar);
  const days = new Map<string, EquityStep>();
  const steps = await readEquitySteps(pool, span, MINUTE_MS);
  // Before the account's first minute there is nothing: that is what its first day starts from.
  const [first] = steps;
  if (first?.isStart === false) days.set('start', { equity: first.equity, capital: 0, isStart: true });
  for (const { marketMs, equity, capital, isStart } of steps) {
    const date = isStart ? 'start' : dateOf(marketMs);
    days.set(date, { equity, capital: (days.get(date)?.capital ?? 0) + capital, isStart });
  }
  return [...days.values()];
}

/** As a fraction of the peak. */
export function drawdownOf(points: readonly EquityAndCapital[]): number {
  const meter = new DrawdownMeter();
  for (const [at, grown] of growthOf(returnsOnCapital(points)).entries()) meter.add(at, grown);
  return meter.worst?.fraction ?? 0;
}
