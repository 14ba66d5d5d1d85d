import { HOUR_MS } from '../domain/civil-date.js';
import {
  DrawdownMeter,
  growthOf,
  HOURS_PER_YEAR,
  returnsOnCapital,
  sharpeRatio,
} from '../domain/statistics.js';
import { readClosings, readEquitySteps } from '../store/performance.js';
import { lengthOf, moneyOf, percent, report, SPAN, spanOf } from './report.js';

/** Result, win rate, Sharpe ratio and drawdown of the span, from the ledger. */
export const performance = report(SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const [equity, closings] = await Promise.all([
    readEquitySteps(context.pool, span, HOUR_MS),
    readClosings(context.pool, span),
  ]);
  const first = equity[0];
  const last = equity.at(-1);
  if (first === undefined || last === undefined) return `no equity in the last ${lengthOf(span.days)}`;
  const money = moneyOf(context);
  const meter = new DrawdownMeter();
  const returns = returnsOnCapital(equity);
  const growth = growthOf(returns);
  for (const [at, grown] of growth.entries()) meter.add(at, grown);
  const sharpe = sharpeRatio(returns, HOURS_PER_YEAR);
  const moved = equity.reduce((sum, { capital }) => sum + capital, 0);
  const wins = closings.filter(({ net }) => net > 0).length;
  return [
    `${lengthOf(span.days)}: equity ${money(first.equity)} to ${money(last.equity)} (${percent((growth.at(-1) ?? 1) - 1)})`,
    ...(moved === 0 ? [] : [`capital moved ${money(moved)}, which is no return`]),
    closings.length === 0
      ? 'nothing was closed'
      : `win rate ${percent(wins / closings.length)} of ${closings.length} closings`,
    `Sharpe ${sharpe === null ? 'not known' : sharpe.toFixed(2)} over ${equity.length} hours`,
    `largest drawdown ${percent(meter.worst?.fraction ?? 0)}`,
  ].join('; ');
});
