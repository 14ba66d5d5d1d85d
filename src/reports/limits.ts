import { returnsOnCapital } from '../domain/statistics.js';
import { countDenials, readEquitySteps } from '../store/performance.js';
import { readEquityDays, readEquityFigures } from './equity-figures.js';
import { lengthOf, listed, percent, report, SPAN, spanOf } from './report.js';

/** How close the desk came to its limits, and how often the risk gate denied an order. */
export const limits = report('Limits that refused or halted', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const { risk } = context.desk;
  const [{ maxDrawdownPct }, days, denials] = await Promise.all([
    readEquityFigures((stepMs) => readEquitySteps(context.pool, span, stepMs)),
    readEquityDays(context.pool, span, context.desk),
    countDenials(context.pool, span),
  ]);
  const worstDay = Math.min(0, ...returnsOnCapital(days));
  return [
    `${lengthOf(span.days)}: largest drawdown ${percent((maxDrawdownPct ?? 0) / 100)} of ${risk.maxDrawdownPct} % allowed`,
    `worst day ${percent(worstDay)} of -${risk.dailyLossLimitPct} % allowed`,
    `orders denied: ${listed(denials)}`,
  ].join('; ');
});
