/** Nothing is entered in a market that moves too much. One that nobody has seen for long enough counts as such. */
import { limit } from './limit.js';

export const volatilityLimit = limit({
  setting: {
    key: 'maxVolatilityPct',
    meaning: 'Volatility of a minute above which nothing is entered, percent',
    reference:
      'Volatility above which nothing is entered in an instrument, percent: the root mean square of its last 60 one-minute returns; fewer than 30 are not enough.',
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
  reading: ({ volatilityPct }, value) => {
    const now = volatilityPct();
    return { value: `${value} %`, now: now === null ? 'not known yet' : `${now.toFixed(3)} %` };
  },
});
