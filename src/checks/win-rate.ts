import { z } from 'zod';
import { DAY_MS } from '../domain/civil-date.js';
import { readClosings } from '../store/ledger-figures.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

/** Winning trades among closed trades, against a target. Few trades say little, so their number is shown with it. */
export const winRate = check(
  'Trades that were won',
  z.strictObject({
    days: z.number().min(0).default(7),
    targetPct: z.number().min(0).max(100).default(50),
  }),
  async ({ desk, trader, pool }, { days, targetPct }) => {
    const expected = `at least ${targetPct} % of what was closed in ${days} days has won`;
    const { marketData } = await readStatus({ trader });
    const toMs = marketData.marketMs;
    const closings = await readClosings(pool, { desk: desk.desk, fromMs: toMs - days * DAY_MS, toMs });
    if (closings.length === 0) return { verdict: 'not_run', observed: 'nothing was closed', expected };
    const won = closings.filter(({ net }) => net > 0).length;
    const ratePct = (100 * won) / closings.length;
    const observed = `${ratePct.toFixed(1)} % against ${targetPct} %: ${won} of ${closings.length} won`;
    return { verdict: ratePct >= targetPct ? 'pass' : 'fail', observed, expected };
  },
);
