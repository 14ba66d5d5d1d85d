/** The report in a few lines, for the terminal and for a message. */

import { HOUR_MS } from '../../domain/civil-date.js';
import { amountText, signed } from '../../domain/figure-text.js';
import { moment } from '../../domain/moment.js';
import type { ValidationReport } from './report.js';

const when = (at: string | null): string | null => at && moment(Date.parse(at));

export function summaryLines(report: ValidationReport): string[] {
  const { results, verdicts, period, market, goLive, reasons } = report;
  const { currency } = results;
  const isGo = report.recommendation === 'GO';
  return [
    `${isGo ? '✓ GO' : '✗ NO-GO'}: paper validation of ${report.desk}, ${period.requestedMs / HOUR_MS} h`,
    `  prices      ${market.label} (${market.symbols.join(', ')})`,
    `  from, to    ${when(period.from) ?? 'no price'}, ${when(period.reached) ?? '–'}`,
    `  equity      ${amountText(results.startingEquity, currency)} to ${amountText(results.finalEquity, currency)} ${currency} (${signed(results.netProfitPct.toFixed(2))} %)`,
    ...verdicts.map(({ passed, text }) => `  ${passed ? '✓' : '✗'} ${text}`),
    ...report.data.problems.map(({ text }) => `  ✗ ${text}`),
    ...reasons
      .filter((reason) => !verdicts.some(({ text }) => text === reason))
      .filter((reason) => !report.data.problems.some(({ text }) => text === reason))
      .map((reason) => `  ✗ ${reason}`),
    ...(isGo && !goLive.qualifies ? ['  It does not stand for real money:'] : []),
    ...(isGo ? goLive.because.map((why) => `  ! ${why}`) : []),
  ];
}

/** Short enough for a chat. */
export function summaryText(report: ValidationReport): string {
  const lines = summaryLines(report).slice(1);
  return lines.map((line) => line.trim()).join('\n');
}
