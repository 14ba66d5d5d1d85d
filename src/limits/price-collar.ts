/** No entry at a price far from the market: catches a wrong digit, or a strategy on the wrong instrument. */
import { limit, PERCENT } from './limit.js';

export const priceCollarLimit = limit({
  setting: {
    key: 'maxEntryDistancePct',
    meaning: 'Farthest entry from the last quote, percent of the price',
    reference:
      'Farthest that the price of an entry may be from the last quote, percent, above the ask or below the bid.',
    leftOut: 'off',
    ...PERCENT,
  },
  name: 'price-collar',
  title: 'Entry’s distance from the price',
  judge: ({ intent, bidTicks, askTicks }, maxPct) => {
    if (intent.limitTicks === null) return null;
    const distance = Math.max(0, intent.limitTicks - askTicks, bidTicks - intent.limitTicks);
    if (distance * 100 <= bidTicks * maxPct) return null;
    const pct = ((distance / bidTicks) * 100).toFixed(2);
    return {
      limit: 'price-collar',
      reason: `the entry is ${pct} % away from the last quote, ${maxPct} % is allowed`,
    };
  },
  reading: (_account, value) => ({ value: `at most ${value} % away`, now: 'judged at every entry' }),
});
