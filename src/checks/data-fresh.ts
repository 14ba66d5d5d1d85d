import { NO_PARAMETERS } from '../desk/step-parts.js';
import { check } from './check.js';
import { closedNow } from './closed-now.js';

const STATUS_MS = 3_000;

export const dataFresh = check(NO_PARAMETERS, async ({ trader, desk }) => {
  const ageMsMax = desk.risk.staleDataSeconds * 1_000;
  const expected = `prices arrive, the last at most ${desk.risk.staleDataSeconds} s old`;
  const { marketData } = await trader.call('status', {}, { timeoutMs: STATUS_MS });
  const { state, lastQuoteAgeMs, marketMs } = marketData;
  const closed = closedNow(desk, marketMs);
  if (closed !== null) return { verdict: 'pass', observed: `${closed}: no price is due`, expected };
  const age =
    lastQuoteAgeMs === null ? 'no price yet' : `last price ${(lastQuoteAgeMs / 1_000).toFixed(1)} s old`;
  const fresh = state === 'up' && lastQuoteAgeMs !== null && lastQuoteAgeMs <= ageMsMax;
  return { verdict: fresh ? 'pass' : 'fail', observed: `feed is ${state}, ${age}`, expected };
});
