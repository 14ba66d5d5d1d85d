import { counted } from '../domain/figure-text.js';
import { readCosts, readHoldingCosts } from '../store/ledger-figures.js';
import { lengthOf, moneyOf, percent, report, SPAN, spanOf } from './report.js';

/**
 * Fees, costs of holding, and how much worse than their price stops were filled; market orders have no price
 * to compare with.
 */
export const costs = report('Fees and costs of holding', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const { fills, fees, turnover, stopSlippage, stopFills } = await readCosts(context.pool, span);
  const money = moneyOf(context);
  const holding = (await readHoldingCosts(context.pool, span)).map(
    ({ kind, amount }) => `; ${kind} ${amount > 0 ? '+' : ''}${money(amount)}`,
  );
  if (fills === 0) return `${lengthOf(span.days)}: no fills${holding.join('')}`;
  const ofTurnover = turnover > 0 ? ` (${percent(fees / turnover)} of ${money(turnover)})` : '';
  const slippage =
    stopFills === 0
      ? 'no stop was filled'
      : `slippage of stops ${money(stopSlippage)} in ${counted(stopFills, 'fill')}`;
  return `${lengthOf(span.days)}: fees ${money(fees)}${ofTurnover} in ${counted(fills, 'fill')}${holding.join('')}; ${slippage}`;
});
