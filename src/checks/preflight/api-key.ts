import type { PreflightCheck } from './preflight-check.js';

/** A signed call: the exchange itself refuses a key that is deleted, mistyped, or not valid from this address. */
export const apiKey: PreflightCheck = {
  key: 'api-key',
  title: 'API key validity',
  look: ({ exchange }) => {
    const expected = 'the exchange answers a signed call';
    const { balances, permissions, endpoint } = exchange;
    const failed = [balances, permissions].find(({ ok }) => !ok);
    return failed?.ok === false
      ? { verdict: 'fail', observed: failed.why, expected }
      : { verdict: 'pass', observed: `${endpoint} answered`, expected };
  },
};
