/** The largest single order, in money: catches a wrong digit in a size, however much equity would allow. */
import { MONEY_SCALE } from '../domain/money.js';
import { amountText, moneyText } from '../domain/value.js';
import { entryWorth } from './exposure.js';
import { limit } from './limit.js';

export const orderSizeLimit = limit({
  setting: {
    key: 'maxOrderNotional',
    meaning: 'Most that one entry may be worth, in the desk’s currency',
    reference:
      'Most that one entry may be worth, in the desk’s currency: its quantity times its price, or the bid if that makes it worth more. A larger one is refused, not made smaller: `strategies[].size.maxLots` bounds the lots of an instrument.',
    unit: 'of the desk’s currency',
    whole: false,
    min: 0.0001,
    max: 50_000_000,
    above: 0,
    tighter: 'lower',
    leftOut: 'off',
  },
  name: 'order-size',
  title: 'Largest order',
  judge: (check, most) => {
    const { instrument } = check;
    const worth = entryWorth(check);
    const allowed = Math.round(most * MONEY_SCALE);
    if (worth <= allowed) return null;
    return {
      limit: 'order-size',
      reason: `the order would be worth ${moneyText(instrument, worth)}, at most ${amountText(instrument, allowed)} are allowed`,
    };
  },
  reading: (_account, value) => ({
    value: `at most ${value} of the desk’s currency`,
    now: 'judged at each entry',
  }),
});
