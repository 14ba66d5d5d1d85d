/** Nothing is entered in a market that moves too much. Unknown volatility counts as too much. */
import { limit } from './limit.js';

export const volatilityLimit = limit({
  setting: {
    key: 'maxVolatilityPct',
    meaning: 'Volatility of a minute above which nothing is entered, percent',
    reference:
      'Volatility above which nothing is entered in an instrument, percent: the root mean square of its last 60 one-minute returns; at least 30 are needed.',
    unit: '%',
    whole: false,
    min: 0.001,
    max: 100,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'volatility',
  title: 'Volatility of a minute',
  measuresReturns: true,
  judge: ({ instrument, volatilityPct }, maxPct) => {
    const now = volatilityPct();
    if (now !== null && now <= maxPct) return null;
    const found = now === null ? 'not enough minutes were seen to tell' : `it is ${now.toFixed(3)} %`;
    return {
      limit: 'volatility',
      reason: `volatility of ${instrument.symbol} in a minute: ${found}, ${maxPct} % is allowed`,
    };
  },
  waits: ({ volatilities }, maxPct) =>
    volatilities().flatMap(({ symbol: subject, volatilityPct: now }) => {
      if (now === null) {
        const reason = 'its volatility is not known: too few minutes in a row were seen';
        return [{ subject, reason, waitsFor: 'half an hour of one-minute bars' }];
      }
      if (now <= maxPct) return [];
      const reason = `its volatility in a minute is ${now.toFixed(3)} %, ${maxPct} % is allowed`;
      return [{ subject, reason, waitsFor: 'a calmer market' }];
    }),
  reading: ({ volatilityPct }, value) => {
    const now = volatilityPct();
    return { value: `${value} %`, now: now === null ? 'not known yet' : `${now.toFixed(3)} %` };
  },
});
