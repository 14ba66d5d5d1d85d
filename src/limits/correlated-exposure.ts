/**
 * Instruments that move together count together: every other instrument's exposure is weighted by the correlation of
 * its returns with those of the instrument to be entered. Opposite exposure is subtracted; with an unknown
 * correlation, all of it counts.
 */
import { denialBeyond, entryWorth, PERCENT_OF_EQUITY, sumOf } from './exposure.js';
import { type Holding, limit, type RiskCheck } from './limit.js';

export const correlatedExposureLimit = limit({
  setting: {
    key: 'maxCorrelatedExposurePct',
    meaning: 'Exposure to what moves together, percent of equity',
    reference:
      'An entry and whatever moves like it, percent of equity: positions and entries weighted by the correlation of their last 60 one-minute returns; if that is unknown, they count in full and nothing is subtracted.',
    ...PERCENT_OF_EQUITY,
  },
  name: 'correlated-exposure',
  title: 'Exposure to what moves together',
  measuresReturns: true,
  judge: (check, maxPct) => {
    const exposed = sumOf(check.holdings().map((holding) => weighted(check, holding))) + entryWorth(check);
    return denialBeyond(maxPct, check, {
      limit: 'correlated-exposure',
      what: 'it and what moves like it',
      exposed,
    });
  },
  reading: (_account, value) => ({ value: `${value} % of equity`, now: 'told at each entry' }),
});

/** Signed in the entry's direction. A resting entry counts where it adds, and is never subtracted. */
function weighted(check: RiskCheck, { instrument, worth, buying, selling }: Holding): number {
  if (worth === 0 && buying === 0 && selling === 0) return 0;
  const known = instrument === check.intent.instrument ? 1 : check.correlation(instrument);
  if (known === null) return Math.abs(worth) + buying + selling;
  const direction = check.intent.side === 'buy' ? known : -known;
  return direction * worth + Math.max(0, direction * buying) + Math.max(0, -direction * selling);
}
