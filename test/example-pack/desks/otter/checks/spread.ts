import { check } from 'fermata/pack';
import { z } from 'zod';

export default check({
  title: 'Bid and ask are near each other',
  parameters: z.object({ maxPct: z.number().positive().default(0.5) }),
  run: ({ trader }, { maxPct }) => {
    const expected = `at most ${maxPct} % apart`;
    if (trader === null) return { verdict: 'not_run', observed: 'the trader does not answer', expected };
    const wide = trader.prices.filter(({ bid, ask }) => (Number(ask) / Number(bid) - 1) * 100 > maxPct);
    const observed = wide.map(({ symbol }) => symbol).join(', ') || 'none is wider';
    return { verdict: wide.length === 0 ? 'pass' : 'fail', observed, expected };
  },
});
