/** One cell of the kill matrix for each procedure, others for another KILL_SEED; all of them run with `npm run test:full`. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Random } from '../simulation/random.js';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { killAt, PROCEDURES, VICTIMS } from '../support/kill-matrix.js';

const SEED = Number(process.env.KILL_SEED ?? 1);
const random = new Random(SEED);
const cells = PROCEDURES.map((procedure) => ({
  procedure,
  name: procedure.name,
  victim: random.pick(VICTIMS),
  boundary: random.whole(0, procedure.boundaries),
}));

const desk: DeskUnderTest = deskUnderTest();
beforeAll(async () => {
  await desk.up('--market', 'simulated');
}, 240_000);
afterAll(() => desk.dispose());

describe(`a process killed in the middle of a procedure (KILL_SEED=${SEED})`, () => {
  it.each(cells)('$name ends with the same evidence: $victim at boundary $boundary', (cell) =>
    killAt(desk, cell.procedure, cell.victim, cell.boundary),
  );
});
