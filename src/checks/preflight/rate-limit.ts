import type { PreflightCheck } from './preflight-check.js';

export const rateLimit: PreflightCheck = {
  key: 'rate-limit',
  title: 'Rate limit configured',
  look: ({ exchange }) => ({
    verdict: exchange.rateLimited ? 'pass' : 'warn',
    observed: exchange.rateLimited
      ? 'on'
      : 'off: venue.rateLimit.enabled is false, the exchange may ban the address',
    expected: 'requests wait for the exchange’s allowance',
  }),
};
