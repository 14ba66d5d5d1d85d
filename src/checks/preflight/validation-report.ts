import { tradedVenue } from '../../venue/registry.js';
import { newestGo } from './newest-go.js';
import type { PreflightCheck } from './preflight-check.js';

export const validationReport: PreflightCheck = {
  key: 'validation',
  title: 'Paper validation',
  look: (subject) => {
    const expected =
      'the newest report of this very desk file is a GO of this installation, for this exchange, and not too old';
    const { desk, env, simulatedVenue, nowMs } = subject;
    const endpoint = tradedVenue(desk.venue.name).live.endpoint(desk, simulatedVenue, env);
    const found = newestGo(subject, { endpoint, nowMs });
    if (!found.ok) return { verdict: 'warn', observed: found.why, expected };
    const { created, results } = found.value.report;
    const figures = `${results.trades} trades, win rate ${shown(results.winRatePct)} %, Sharpe ${shown(results.sharpe)}, drawdown ${shown(results.maxDrawdownPct)} %`;
    return { verdict: 'pass', observed: `GO of ${created}: ${figures}`, expected };
  },
};

function shown(figure: number | null): string {
  return figure === null ? 'unknown' : figure.toFixed(2);
}
