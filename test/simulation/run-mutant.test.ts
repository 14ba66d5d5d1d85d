/** A broken build is caught where somebody objects, and only there. */
import { expect, it } from 'vitest';
import { MUTANTS } from './mutants/all.js';
import { drawnMutants, runMutant, whoObjected } from './run-mutant.js';

const THROWN =
  'seed 1 failed:\n  threw: RangeError: no such lot\n    at apply (engine.ts:1:1)\n  again: npm run\n';
const OBJECTED = 'seed 2 failed:\n  StopGaps: 4 s without a stop\n  Results: 3 is not 4\n  again: npm run\n';

it('an exception is nobody’s objection, and the seeds after it go on', () => {
  expect(whoObjected(THROWN + OBJECTED, false)).toEqual({ seed: 2, words: 'StopGaps: 4 s without a stop' });
  expect(whoObjected(THROWN, false)).toEqual({ seed: null, words: '' });
  expect(whoObjected('100 of 300 seeds\n', false)).toEqual({ seed: null, words: '' });
});

it('an exception counts where it is known to be the way', () => {
  expect(whoObjected(THROWN, true)).toEqual({ seed: 1, words: 'threw: RangeError: no such lot' });
});

it('a build that throws at each tick is not caught by anybody', async () => {
  const throwing = {
    what: 'each tick ends in an exception',
    file: 'engine/flow/on-tick.ts',
    find: '  if (!core.begun) return;\n  watch',
    put: "  throw new RangeError('broken on purpose');\n  watch",
  };
  const { caught, output } = await runMutant(throwing, 2);
  expect(output).toContain('threw: RangeError: broken on purpose');
  expect(caught).toBe(false);
});

it('are drawn by a seed, each once', () => {
  const all = drawnMutants(MUTANTS, 7, MUTANTS.length);
  expect(new Set(all).size).toBe(MUTANTS.length);
  expect(drawnMutants(MUTANTS, 7, 3)).toEqual(all.slice(0, 3));
  expect(drawnMutants(MUTANTS, 8, 3)).not.toEqual(all.slice(0, 3));
});
