import { z } from 'zod';
import { check } from './check.js';

const STATUS_MS = 3_000;
const MINUTE_MS = 60_000;

/** What the trader counts against what its venue said when it was read last: positions, orders, fills and cash. */
export const booksAgree = check(
  z.strictObject({ maxAgeMinutes: z.number().min(0).default(15) }),
  async ({ trader }, { maxAgeMinutes }) => {
    const expected = `a reading of the venue, at most ${maxAgeMinutes} minutes old, that agrees with the trader`;
    const { reconciliation, books, cash, currency } = await trader.call(
      'status',
      {},
      { timeoutMs: STATUS_MS },
    );
    const { state, atWallMs, differences } = reconciliation;
    const differing = differences
      .filter(({ rule }) => rule !== 'correct')
      .map(({ what, symbol, ours, venues }) => `${what} ${symbol}: ours ${ours}, the venue's ${venues}`);
    if (books.cashUnexplained !== null)
      differing.push(`cash: ours ${cash} ${currency}, unexplained ${books.cashUnexplained}`);
    if (state === 'differences' || books.cashUnexplained !== null)
      return { verdict: 'fail', observed: differing.join('; ') || 'the books differ', expected };
    if (state !== 'clean' || atWallMs === null)
      return { verdict: 'not_run', observed: `the venue was not read (${state})`, expected };
    const minutes = (Date.now() - atWallMs) / MINUTE_MS;
    const observed = `read ${minutes.toFixed(1)} minutes ago: cash ${cash} ${currency}, no difference`;
    return { verdict: minutes <= maxAgeMinutes ? 'pass' : 'not_run', observed, expected };
  },
);
