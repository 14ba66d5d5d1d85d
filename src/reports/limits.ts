import { DAY_MS, HOUR_MS } from '../domain/civil-date.js';
import { DrawdownMeter, growthOf, returnsOnCapital } from '../domain/statistics.js';
import { countDenials, readEquitySteps } from '../store/performance.js';
import { lengthOf, listed, percent, report, SPAN, spanOf } from './report.js';

/** How near the desk came to its limits, and how often the risk gate denied an order. */
export const limits = report(SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const { risk } = context.desk;
  const [hours, days, denials] = await Promise.all([
    readEquitySteps(context.pool, span, HOUR_MS),
    readEquitySteps(context.pool, span, DAY_MS),
    countDenials(context.pool, span),
  ]);
  const meter = new DrawdownMeter();
  for (const [at, growth] of growthOf(returnsOnCapital(hours)).entries()) meter.add(at, growth);
  const worstDay = Math.min(0, ...returnsOnCapital(days));
  return [
    `${lengthOf(span.days)}: largest drawdown ${percent(meter.worst?.fraction ?? 0)} of ${risk.maxDrawdownPct} % allowed`,
    `worst day ${percent(worstDay)} of -${risk.dailyLossLimitPct} % allowed`,
    `orders denied: ${listed(denials)}`,
  ].join('; ');
});
