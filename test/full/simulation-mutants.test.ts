/** The simulation is worth what it catches: broken builds, each of which must fail within a bounded number of seeds. */
import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../simulation/mutants/all.js';
import { runMutant } from '../simulation/run-mutant.js';

const SEEDS = 300;

describe('the simulation catches a build in which', () => {
  it.each(MUTANTS)('$what', { timeout: 600_000 }, async (mutant) => {
    const { caught, output } = await runMutant(mutant, SEEDS);
    expect(caught, output).toBe(true);
  });
});
