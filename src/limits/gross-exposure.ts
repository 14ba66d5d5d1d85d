/** All positions and entries together, whatever their side. Above 100 %, it bounds leverage. */
import { denialBeyond, entryWorth, grossOf, PERCENT_OF_EQUITY, partOfEquity, sumOf } from './exposure.js';
import { limit } from './limit.js';

export const grossExposureLimit = limit({
  setting: {
    key: 'maxGrossExposurePct',
    meaning: 'All positions and entries together, percent of equity',
    reference:
      'All positions and entries together, percent of equity, long and short added; 200 is a leverage of two.',
    ...PERCENT_OF_EQUITY,
  },
  name: 'gross-exposure',
  title: 'Exposure',
  judge: (check, maxPct) => {
    const exposed = sumOf(check.holdings().map(grossOf)) + entryWorth(check);
    return denialBeyond(maxPct, check, {
      limit: 'gross-exposure',
      what: 'all positions and entries',
      exposed,
    });
  },
  waits: (account, maxPct) => {
    const { equity, largestEntry } = account;
    const exposed = sumOf(account.holdings().map(grossOf));
    if (exposed === 0 || exposed + largestEntry <= (equity * maxPct) / 100) return [];
    const reason = `positions and entries are worth ${partOfEquity(exposed, account)} of ${maxPct} % of equity: no room for another`;
    return [{ subject: 'desk', reason, waitsFor: 'one of them to be closed' }];
  },
  reading: (account, value) => ({
    value: `${value} % of equity`,
    now: partOfEquity(sumOf(account.holdings().map(grossOf)), account),
  }),
});
