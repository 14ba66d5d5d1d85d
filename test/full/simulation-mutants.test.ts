/** The simulation is worth what it catches: broken builds, each of which must fail within a bounded number of seeds. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS } from '../simulation/mutants/all.js';
import { asLine, runMutant } from '../simulation/run-mutant.js';
import { keptFolder } from './support/kept-folder.js';

const SEEDS = 300;
let kept: string;
// Not where this file is only listed.
beforeAll(() => {
  kept = join(keptFolder('mutants'), 'caught.txt');
});

describe('the simulation catches a build in which', () => {
  it.each(MUTANTS)('$what', { timeout: 30 * 60_000 }, async (mutant) => {
    const run = await runMutant(mutant, SEEDS);
    const line = asLine(mutant, run);
    console.log(line.trimEnd());
    appendFileSync(kept, line);
    expect(run.caught, run.output).toBe(true);
  });
});
