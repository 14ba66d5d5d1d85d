import { formatMoney, parseMoney } from '../../domain/money.js';
import type { PreflightCheck } from './preflight-check.js';

export const balance: PreflightCheck = {
  key: 'balance',
  title: 'Sufficient balance',
  look: ({ desk, exchange: { balances } }) => {
    const least = parseMoney(desk.goLive.minBalance);
    const expected = `at least ${formatMoney(least, 2)} ${desk.paper.currency}`;
    if (!balances.ok) return { verdict: 'fail', observed: `not known: ${balances.why}`, expected };
    const { cash, currency } = balances.value;
    const observed = `${formatMoney(cash, 2)} ${currency}`;
    const enough = cash >= least && currency === desk.paper.currency;
    return { verdict: enough ? 'pass' : 'fail', observed, expected };
  },
};
