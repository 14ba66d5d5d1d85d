/**
 * The loss since the start of the desk's trading day, in equity including unrealised results. Beyond it the desk
 * halts.
 */
import { moneyText } from '../domain/value.js';
import { limit, PERCENT } from './limit.js';
import { fallPct } from './loss-floors.js';

export const dailyLossLimit = limit({
  setting: {
    key: 'dailyLossLimitPct',
    meaning: 'Daily loss limit, percent of the day’s first equity',
    reference:
      'Loss since the day boundary, open results included, percent of the day’s first equity: halts.',
    leftOut: 'refused',
    ...PERCENT,
  },
  name: 'daily-loss',
  title: 'Loss today',
  judge: ({ equity, dailyFloor, instrument }, maxPct) => {
    if (equity > dailyFloor) return null;
    return {
      limit: 'daily-loss',
      reason: `equity ${moneyText(instrument, equity)} has lost today's ${maxPct} %`,
    };
  },
  reading: ({ dayStartEquity, equity }, value) => ({
    value: `${value} %`,
    now: `${fallPct(dayStartEquity, equity)} %`,
  }),
});
