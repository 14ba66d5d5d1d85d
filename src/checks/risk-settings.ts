import type { Desk } from '../desk/schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { check } from './check.js';

const STATUS_MS = 3_000;

/** The desk file's limits make sense together, and the trader says that it holds limits. */
export const riskSettings = check(NO_PARAMETERS, async ({ trader, desk }) => {
  const expected =
    'every limit is set, one position can not lose more than a day may, the trader holds the limits';
  const { risk } = await trader.call('status', {}, { timeoutMs: STATUS_MS });
  const problems = contradictions(desk.risk);
  if (risk.length === 0) problems.push('the trader reports no limits');
  const held = risk.map(({ limit, value }) => `${limit} ${value}`).join(', ');
  return {
    verdict: problems.length === 0 ? 'pass' : 'fail',
    observed: problems.length === 0 ? held : problems.join('; '),
    expected,
  };
});

function contradictions(risk: Desk['risk']): string[] {
  const problems: string[] = [];
  const lossOfOnePct = (risk.maxPositionSizePct * risk.stopLossPct) / 100;
  if (lossOfOnePct > risk.dailyLossLimitPct) {
    problems.push(
      `one position at its stop loses ${lossOfOnePct.toFixed(2)} % of equity, more than the daily limit ${risk.dailyLossLimitPct} %`,
    );
  }
  if (risk.dailyLossLimitPct > risk.maxDrawdownPct) {
    problems.push(
      `the daily loss limit ${risk.dailyLossLimitPct} % is wider than the drawdown limit ${risk.maxDrawdownPct} %`,
    );
  }
  return problems;
}
