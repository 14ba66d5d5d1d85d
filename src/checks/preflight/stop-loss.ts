import type { PreflightCheck } from './preflight-check.js';

export const stopLoss: PreflightCheck = {
  key: 'stop-loss',
  title: 'Stop-loss configured',
  look: ({ desk }) => ({
    verdict: desk.risk.stopLossPct > 0 ? 'pass' : 'fail',
    observed: `risk.stopLossPct is ${desk.risk.stopLossPct} %`,
    expected: 'above 0 %',
  }),
};
