import { looserThanFile, type Setting, withLimitsInForce } from '../desk/desk-settings.js';
import type { Desk } from '../desk/schema.js';
import { NO_PARAMETERS } from '../desk/step-parts.js';
import { lossAtStopPct } from '../desk/strategy-rules.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

/** The limits in force are consistent, none allows more than the desk file's, and the trader applies them. */
export const riskSettings = check(
  'Limits in force are those of the desk file, or tighter',
  NO_PARAMETERS,
  async ({ trader, desk }) => {
    const expected =
      'every limit is set, none is looser than in the desk file, one position cannot lose more than a day may, the trader holds the limits';
    const { risk, settings } = await readStatus({ trader });
    const problems = contradictions(withLimitsInForce(desk, settings));
    if (risk.length === 0) problems.push('the trader reports no limits');
    const looser = looserThanFile(desk, settings.changed).map(looserText);
    if (problems.length > 0)
      return { verdict: 'fail', observed: [...problems, ...looser].join('; '), expected };
    const held = [...risk.map(({ limit, value }) => `${limit} ${value}`), ...sizesOf(desk)].join(', ');
    return {
      verdict: looser.length === 0 ? 'pass' : 'warn',
      observed: [...looser, held].join('; '),
      expected,
    };
  },
);

function looserText({ key, unit, value, fileValue }: Setting): string {
  const [now, file] = [value, fileValue].map((one) => `${one} ${unit}`.trimEnd());
  return `${key} ${now}, looser than ${file} of the desk file, as people approved`;
}

function contradictions({ risk, strategies, instruments }: Desk): string[] {
  const problems: string[] = [];
  const lossOfOnePct = Math.max(...strategies.map(({ size }) => lossAtStopPct(risk, size, instruments)));
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

/** The sizes of strategies that state one. */
function sizesOf({ strategies }: Desk): string[] {
  return strategies.flatMap(({ name, size }) => {
    if (size === undefined) return [];
    const said = Object.entries(size).map(([key, value]) => `${key} ${value}`);
    return [`${name}: ${said.join(' ')}`];
  });
}
