/** The same entry is not sent again at once: catches a strategy that repeats itself, or a repeated signal. */
import { limit } from './limit.js';

export const repeatedEntryLimit = limit({
  setting: {
    key: 'repeatedEntrySeconds',
    meaning: 'How long the same entry is not sent again',
    reference:
      'How long after an entry the same one (strategy, instrument, side and price) is not sent again, in seconds of market time; looked up among the last 500 orders to end, stops and exits included, and those still live.',
    unit: 's',
    whole: false,
    min: 1,
    max: 86_400,
    tighter: 'higher',
    leftOut: 'off',
  },
  name: 'repeated-entry',
  title: 'The same entry again',
  judge: ({ sameEntryAgeMs }, seconds) => {
    const ageMs = sameEntryAgeMs();
    if (ageMs === null || ageMs >= seconds * 1000) return null;
    const ago = Math.round(ageMs / 100) / 10;
    return {
      limit: 'repeated-entry',
      reason: `the same entry was sent ${ago} s ago, and is not sent again within ${seconds} s`,
    };
  },
  reading: (_account, value) => ({ value: `not within ${value} s`, now: 'judged at each entry' }),
});
