import type { PreflightCheck } from './preflight-check.js';

export const dailyLoss: PreflightCheck = {
  key: 'daily-loss',
  title: 'Daily loss limit',
  look: ({ desk }) => ({
    verdict: desk.risk.dailyLossLimitPct > 0 ? 'pass' : 'fail',
    observed: `risk.dailyLossLimitPct is ${desk.risk.dailyLossLimitPct} %`,
    expected: 'above 0 %',
  }),
};
