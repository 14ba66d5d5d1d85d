/** One cell of the kill matrix for each process, drawn by KILL_SEED; all of the matrix runs with `npm run test:full`. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Random } from '../simulation/random.js';
import { type Bench, openPaperBench } from '../support/kill-matrix/bench.js';
import { killAt, undisturbed } from '../support/kill-matrix/cell.js';
import { QUICK_PROCEDURES } from '../support/kill-matrix/procedures.js';
import { VICTIMS } from '../support/kill-matrix/victims.js';

const SEED = Number(process.env.KILL_SEED ?? 1);
const random = new Random(SEED);
const procedures = shuffled(QUICK_PROCEDURES);
const cells = shuffled(VICTIMS).map((victim, at) => {
  const procedure = procedures[at % procedures.length];
  if (procedure === undefined) throw new Error('there is no procedure to draw from');
  // How many boundaries there are, an undisturbed run says.
  return { procedure, name: procedure.name, victim, part: random.next() };
});

function shuffled<T>(all: readonly T[]): readonly T[] {
  return all
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

let bench: Bench;
beforeAll(async () => {
  bench = await openPaperBench();
});
afterAll(() => bench?.close());

describe(`a process killed in the middle of a procedure (KILL_SEED=${SEED})`, () => {
  it.each(cells)('$name ends with the same evidence: $victim killed', async ({ procedure, victim, part }) => {
    const expected = await undisturbed(bench, procedure);
    const boundary = Math.round(part * expected.boundaries);
    console.log(`${procedure.name}: ${victim} killed at boundary ${boundary} of ${expected.boundaries}`);
    await killAt(bench, procedure, expected, victim, boundary);
  });
});
