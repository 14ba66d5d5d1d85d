/** How many entries may be sent in a minute of market time: bounds a strategy that runs wild. */
import { limit } from './limit.js';

export const orderRateLimit = limit({
  setting: {
    key: 'maxEntriesPerMinute',
    meaning: 'Most entries sent in a minute of market time',
    reference:
      'Most entries sent in a minute of market time, over all strategies; counted among the last 500 orders to end, stops and exits included, and those still live.',
    unit: '',
    whole: true,
    min: 1,
    max: 100,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'order-rate',
  title: 'Entries in a minute',
  judge: ({ entriesLastMinute }, most) => {
    const sent = entriesLastMinute();
    if (sent < most) return null;
    return {
      limit: 'order-rate',
      reason: `entries sent in the last minute: ${sent}; at most ${most} may be`,
    };
  },
  reading: ({ entriesLastMinute }, value) => ({ value: String(value), now: String(entriesLastMinute()) }),
});
