import { readCosts } from '../store/performance.js';
import { moneyOf, percent, report, SPAN, spanOf } from './report.js';

/** Fees, and how much worse than their price stops were filled; market orders have no price to compare with. */
export const costs = report(SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const { fills, fees, turnover, stopSlippage, stopFills } = await readCosts(context.pool, span);
  const money = moneyOf(context);
  if (fills === 0) return `${span.days} days: no fills`;
  const ofTurnover = turnover > 0 ? ` (${percent(fees / turnover)} of ${money(turnover)})` : '';
  const slippage =
    stopFills === 0 ? 'no stop was filled' : `slippage of stops ${money(stopSlippage)} in ${stopFills} fills`;
  return `${span.days} days: fees ${money(fees)}${ofTurnover} in ${fills} fills; ${slippage}`;
});
