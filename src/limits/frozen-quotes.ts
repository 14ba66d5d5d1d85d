/**
 * No entry on a quote that keeps arriving and never changes: a gateway or a cache repeats its last price,
 * which then never looks old. Silence is handled by `stale-data`. Both are measured in monotonic time.
 */
import { limit, type QuotesView, type WaitingReason } from './limit.js';

export const frozenQuotesLimit = limit({
  setting: {
    key: 'frozenQuoteSeconds',
    meaning: 'How long a quote may keep arriving unchanged before nothing is entered on it',
    reference:
      'How long an instrument’s quote may keep arriving with the same bid, ask and sizes, in seconds of real time while its market is open, before nothing is entered in it and people are notified.',
    unit: 's',
    whole: false,
    min: 1,
    max: 86_400,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'frozen-quotes',
  title: 'Unchanged quote',
  watchesQuotes: true,
  judge: ({ quoteUnchangedMs, instrument }, seconds) => {
    if (quoteUnchangedMs !== null && !isFrozen(quoteUnchangedMs, seconds)) return null;
    const found = quoteUnchangedMs === null ? 'never had a quote' : unchangedWords(quoteUnchangedMs, seconds);
    return { limit: 'frozen-quotes', reason: `${instrument.symbol}: ${found}` };
  },
  waits: (view, seconds) => frozen(view, seconds),
  tells: (view, seconds) => frozen(view, seconds),
  reading: ({ unchangedQuotes }, value) => {
    const known = unchangedQuotes().flatMap(({ unchangedMs }) => unchangedMs ?? []);
    const now = known.length === 0 ? 'no price yet' : `${(Math.max(...known) / 1000).toFixed(1)} s`;
    return { value: `${value} s`, now };
  },
});

const frozen = ({ unchangedQuotes }: QuotesView, seconds: number): WaitingReason[] =>
  unchangedQuotes().flatMap(({ symbol: subject, unchangedMs }) =>
    unchangedMs !== null && isFrozen(unchangedMs, seconds)
      ? [{ subject, reason: unchangedWords(unchangedMs, seconds), waitsFor: 'a quote that differs' }]
      : [],
  );

const isFrozen = (unchangedMs: number, seconds: number): boolean => !(unchangedMs <= seconds * 1000);

const unchangedWords = (unchangedMs: number, seconds: number): string =>
  `its quote has kept arriving unchanged for ${Math.round(unchangedMs / 1000)} s, ${seconds} s are allowed`;
