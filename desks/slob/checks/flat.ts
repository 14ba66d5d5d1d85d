import { check } from 'fermata/pack';
import { z } from 'zod';

export default check({
  title: 'Nothing is held and no order rests',
  parameters: z.object({}),
  run: ({ trader }) => {
    const expected = 'no position and no order';
    if (trader === null) return { verdict: 'not_run', observed: 'the trader does not answer', expected };
    const { positions, openOrders } = trader;
    const held = positions.map(({ symbol, side, quantity }) => `${side} ${quantity} ${symbol}`);
    const observed = `${held.join(', ') || 'nothing held'}; ${openOrders} orders`;
    return { verdict: held.length === 0 && openOrders === 0 ? 'pass' : 'fail', observed, expected };
  },
});
