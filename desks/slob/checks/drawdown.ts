import { check } from 'fermata/pack';
import { z } from 'zod';

export default check({
  title: 'The present drawdown is below a threshold',
  parameters: z.object({ maxPct: z.number().positive().max(100).default(5) }),
  run: ({ trader }, { maxPct }) => {
    const expected = `below ${maxPct} %`;
    if (trader === null) return { verdict: 'not_run', observed: 'the trader does not answer', expected };
    const { drawdownPct, equity } = trader;
    const verdict = Number(drawdownPct) < maxPct ? 'pass' : 'fail';
    return { verdict, observed: `${drawdownPct} % at an equity of ${equity}`, expected };
  },
});
