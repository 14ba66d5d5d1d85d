import type { PreflightCheck } from './preflight-check.js';

/** A signed call: a key that is deleted, mistyped, or not for this address is refused by the exchange itself. */
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
