/** No entry on an old price. Measured in wall time, so that the speed of a recording can't trip it. */
import type { RiskLimit } from './check.js';

export const staleDataLimit: RiskLimit = ({ intent, quoteAgeMs, staleMs, instrument }) => {
  if (intent.purpose !== 'entry') return null;
  if (quoteAgeMs !== null && quoteAgeMs <= staleMs) return null;
  const age =
    quoteAgeMs === null ? 'never had a quote' : `last quote was ${Math.round(quoteAgeMs / 100) / 10} s ago`;
  return { limit: 'stale-data', reason: `${instrument.symbol}: ${age}, ${staleMs / 1000} s are allowed` };
};
