/** One cell for every other procedure, its button and boundary drawn by KILL_SEED; all of them run with `npm run test:full`. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { Random } from '../simulation/random.js';
import { BUTTONS, pressAt, undisturbed } from '../support/kill-matrix/buttons.js';
import { PRESSABLES } from '../support/kill-matrix/pressables.js';
import { type Bench, openBench } from './support/desk-bench.js';

const SEED = Number(process.env.KILL_SEED ?? 1);
const random = new Random(SEED);
// Eight seeds after another press every button in every procedure.
const drawn = PRESSABLES.filter((_, at) => (at + SEED) % 2 === 0);
const cells = drawn.map((procedure, at) => {
  const button = BUTTONS[(at + Math.floor(SEED / 2)) % BUTTONS.length] ?? 'cancel';
  return { procedure, name: procedure.name, button, part: random.next() };
});

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

describe.concurrent(`Temporal’s own buttons in the middle of a procedure (KILL_SEED=${SEED})`, () => {
  it.each(cells)('$name: $button', async ({ procedure, button, part }) => {
    const expected = await undisturbed(bench, procedure);
    await pressAt(bench, procedure, button, Math.round(part * expected.boundaries), expected);
  });
});
