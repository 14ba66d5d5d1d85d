/** Every entry needs a protective stop on its losing side, near enough. */
import { ppmOfPercent } from '../domain/money.js';
import { limit, PERCENT } from './limit.js';

const DENIED = 'stop-loss-required';

export const stopLossLimit = limit({
  setting: {
    key: 'stopLossPct',
    meaning: 'Maximum stop distance, percent of the price',
    reference: 'Farthest that a protective stop may be from the entry, percent of the price.',
    leftOut: 'refused',
    ...PERCENT,
  },
  name: 'stop-loss',
  title: 'Protective stop',
  judge: ({ intent }, maxPct) => {
    const { protectTicks, limitTicks, side } = intent;
    if (protectTicks === null || limitTicks === null || !(protectTicks > 0)) {
      return { limit: DENIED, reason: 'an entry needs a limit price and a stop-loss price' };
    }
    const distance = side === 'buy' ? limitTicks - protectTicks : protectTicks - limitTicks;
    if (!(distance > 0)) {
      return { limit: DENIED, reason: 'the stop-loss is not on the losing side of the entry' };
    }
    if (distance * 1_000_000 <= limitTicks * ppmOfPercent(maxPct)) return null;
    return { limit: DENIED, reason: `the stop-loss is further away than ${maxPct} %` };
  },
  reading: (_account, value) => ({ value: `at most ${value} % away`, now: 'required for every entry' }),
});
