/** No entry on an old price. Measured in monotonic time, so that the speed of a recording can't trip it. */
import { limit } from './limit.js';

export const staleDataLimit = limit({
  setting: {
    key: 'staleDataSeconds',
    meaning: 'Age of the last quote past which the desk halts',
    reference:
      'Age of the last quote, in seconds of real time, past which nothing is entered and the desk halts.',
    unit: 's',
    whole: false,
    min: 2,
    max: 3600,
    tighter: 'lower',
    leftOut: 10,
  },
  name: 'stale-data',
  title: 'Age of the price',
  judge: ({ quoteAgeMs, instrument }, seconds) => {
    if (quoteAgeMs !== null && quoteAgeMs <= staleMsOf({ staleDataSeconds: seconds })) return null;
    const age =
      quoteAgeMs === null ? 'never had a quote' : `last quote was ${Math.round(quoteAgeMs / 100) / 10} s ago`;
    return { limit: 'stale-data', reason: `${instrument.symbol}: ${age}, ${seconds} s are allowed` };
  },
  reading: ({ quoteAgeMs }, value) => ({
    value: `${value} s`,
    now: quoteAgeMs === null ? 'no price yet' : `${(Math.max(0, quoteAgeMs) / 1000).toFixed(1)} s`,
  }),
});

/** Milliseconds without a quote after which prices are stale. */
export function staleMsOf({ staleDataSeconds }: { readonly staleDataSeconds: number }): number {
  return Math.round(staleDataSeconds * 1000);
}
