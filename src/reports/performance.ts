import { DrawdownMeter, HOURS_PER_YEAR, returnsOf, sharpeRatio } from '../domain/statistics.js';
import { readClosings, readEquitySteps } from '../store/performance.js';
import type { Report } from './report.js';
import { HOUR_MS, money, percent, spanOf } from './span.js';

/** Result, win rate, Sharpe ratio and drawdown of the span, as the ledger has it. */
export const performance: Report = async (context, parameters) => {
  const span = spanOf(context, parameters);
  const [equity, closings] = await Promise.all([
    readEquitySteps(context.pool, span, HOUR_MS),
    readClosings(context.pool, span),
  ]);
  const values = equity.map((point) => point.equity);
  const first = values[0];
  const last = values.at(-1);
  if (first === undefined || last === undefined) return `no equity in the last ${span.days} days`;
  const meter = new DrawdownMeter();
  for (const point of equity) meter.add(point.marketMs, point.equity);
  const sharpe = sharpeRatio(returnsOf(values), HOURS_PER_YEAR);
  const wins = closings.filter(({ net }) => net > 0).length;
  return [
    `${span.days} days: equity ${money(first)} to ${money(last)} (${percent(last / first - 1)})`,
    closings.length === 0
      ? 'nothing was closed'
      : `win rate ${percent(wins / closings.length)} of ${closings.length} closings`,
    `Sharpe ${sharpe === null ? 'not known' : sharpe.toFixed(2)} over ${values.length} hours`,
    `largest drawdown ${percent(meter.worst?.fraction ?? 0)}`,
  ].join('; ');
};
