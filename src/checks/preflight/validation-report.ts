import { newestGo } from './newest-go.js';
import type { PreflightCheck } from './preflight-check.js';

export const validationReport: PreflightCheck = {
  key: 'validation',
  title: 'Paper validation',
  look: (subject) => {
    const expected = 'a GO of this installation, for this very desk file, that may stand for real money';
    const found = newestGo(subject);
    if (!found.ok) return { verdict: 'warn', observed: found.why, expected };
    const { created, results } = found.value.report;
    const figures = `${results.trades} trades, win rate ${shown(results.winRatePct)} %, Sharpe ${shown(results.sharpe)}, drawdown ${shown(results.maxDrawdownPct)} %`;
    return { verdict: 'pass', observed: `GO of ${created}: ${figures}`, expected };
  },
};

function shown(figure: number | null): string {
  return figure === null ? 'unknown' : figure.toFixed(2);
}
