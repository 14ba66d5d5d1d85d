/** The fall from the highest equity ever recorded, unrealised results included. Beyond it the desk halts. */
import { moneyText } from '../domain/value.js';
import { limit, PERCENT } from './limit.js';
import { fallPct } from './loss-floors.js';

export const drawdownLimit = limit({
  setting: {
    key: 'maxDrawdownPct',
    meaning: 'Fall of equity from its peak that halts, percent',
    reference: 'Fall of equity from its peak, open results included, percent: halts.',
    leftOut: 'refused',
    ...PERCENT,
  },
  name: 'drawdown',
  title: 'Drawdown',
  judge: ({ equity, drawdownFloor, instrument }, maxPct) => {
    if (equity > drawdownFloor) return null;
    return {
      limit: 'drawdown',
      reason: `equity ${moneyText(instrument, equity)} is ${maxPct} % or more below its peak`,
    };
  },
  reading: ({ peakEquity, equity }, value) => ({
    value: `${value} %`,
    now: `${fallPct(peakEquity, equity)} %`,
  }),
});
