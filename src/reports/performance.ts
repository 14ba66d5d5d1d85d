import { HOUR_MS } from '../domain/civil-date.js';
import { readClosings, readEquitySteps, withoutStart } from '../store/ledger-figures.js';
import { readEquityFigures } from './equity-figures.js';
import { lengthOf, moneyOf, percent, report, SPAN, spanOf } from './report.js';

/** Result, win rate, Sharpe ratio and drawdown of the span, from the ledger. */
export const performance = report('Result, drawdown and fees', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const hours = readEquitySteps(context.pool, span, HOUR_MS);
  const [{ returnPct, sharpe, maxDrawdownPct }, equity, closings] = await Promise.all([
    readEquityFigures((stepMs) => (stepMs === HOUR_MS ? hours : readEquitySteps(context.pool, span, stepMs))),
    hours,
    readClosings(context.pool, span),
  ]);
  const first = equity[0];
  const last = equity.at(-1);
  if (first === undefined || last === undefined) return `no equity in the last ${lengthOf(span.days)}`;
  const money = moneyOf(context);
  const moved = equity.reduce((sum, { capital }) => sum + capital, 0);
  const wins = closings.filter(({ net }) => net > 0).length;
  return [
    `${lengthOf(span.days)}: equity ${money(first.equity)} to ${money(last.equity)} (${percent((returnPct ?? 0) / 100)})`,
    ...(moved === 0 ? [] : [`capital moved ${money(moved)}, which is no return`]),
    closings.length === 0
      ? 'nothing was closed'
      : `win rate ${percent(wins / closings.length)} of ${closings.length} closings`,
    `Sharpe ${sharpe === null ? 'not known' : sharpe.toFixed(2)} over ${withoutStart(equity).length} hours`,
    `largest drawdown ${percent((maxDrawdownPct ?? 0) / 100)}`,
  ].join('; ');
});
