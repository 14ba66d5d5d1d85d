/** All positions and entries together, whatever their side. Above 100 % it bounds leverage. */
import { beyond, entryWorth, grossOf, partOfEquity, sumOf } from './exposure.js';
import { limit } from './limit.js';

export const grossExposureLimit = limit({
  setting: {
    key: 'maxGrossExposurePct',
    meaning: 'All positions and entries together, percent of equity',
    reference:
      'All positions and entries together, percent of equity, long and short added; 200 is a leverage of two.',
    unit: '%',
    whole: false,
    min: 0.01,
    max: 10_000,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'gross-exposure',
  title: 'Exposure',
  judge: (check, maxPct) => {
    if (check.intent.purpose !== 'entry') return null;
    const exposed = sumOf(check.holdings().map(grossOf)) + entryWorth(check);
    const problem = beyond(exposed, check, maxPct);
    return problem === null
      ? null
      : { limit: 'gross-exposure', reason: `all positions and entries would be worth ${problem}` };
  },
  reading: (account, value) => ({
    value: `${value} % of equity`,
    now: partOfEquity(sumOf(account.holdings().map(grossOf)), account),
  }),
});
