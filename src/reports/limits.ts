import { withLimitsInForce } from '../desk/desk-settings.js';
import { returnsOnCapital } from '../domain/statistics.js';
import { countDenials, readEquitySteps } from '../store/ledger-figures.js';
import { readStatus } from '../trader/read-status.js';
import { readEquityDays, readEquityFigures } from './equity-figures.js';
import { lengthOf, listed, percent, type ReportContext, report, SPAN, spanOf } from './report.js';

/** How close the desk came to the limits in force, and how often the risk gate denied an order. */
export const limits = report('Limits that refused or halted', SPAN, async (context, parameters) => {
  const span = spanOf(context, parameters);
  const [allowed, { maxDrawdownPct }, days, denials] = await Promise.all([
    allowedNow(context),
    readEquityFigures((stepMs) => readEquitySteps(context.pool, span, stepMs)),
    readEquityDays(context.pool, span, context.desk),
    countDenials(context.pool, span),
  ]);
  const worstDay = Math.min(0, ...returnsOnCapital(days));
  return [
    `${lengthOf(span.days)}: largest drawdown ${percent((maxDrawdownPct ?? 0) / 100)} of ${allowed('maxDrawdownPct')}`,
    `worst day ${percent(worstDay)} of ${allowed('dailyLossLimitPct', '-')}`,
    `orders denied: ${listed(denials)}`,
  ].join('; ');
});

type LossLimit = 'maxDrawdownPct' | 'dailyLossLimitPct';

/** Says what may be lost: by the limits in force, or by those of the desk file while the trader doesn't answer. */
async function allowedNow({
  desk,
  trader,
}: ReportContext): Promise<(limit: LossLimit, sign?: string) => string> {
  const status = await readStatus({ trader }).catch(() => null);
  const { risk } = status === null ? desk : withLimitsInForce(desk, status.settings);
  return (limit, sign = '') => {
    const inFile = `${sign}${desk.risk[limit]} %`;
    if (status === null) return `${inFile} allowed by the desk file (the trader does not answer)`;
    const changed = risk[limit] === desk.risk[limit] ? '' : `, ${inFile} in the desk file`;
    return `${sign}${risk[limit]} % allowed${changed}`;
  };
}
