/** Every process killed at every activity boundary: the run ends with the same evidence, and nothing is done twice. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type DeskUnderTest, deskUnderTest } from '../support/desk-under-test.js';
import { killAt, PROCEDURES, VICTIMS } from '../support/kill-matrix.js';

const desk: DeskUnderTest = deskUnderTest();
beforeAll(async () => {
  await desk.up('--market', 'simulated');
}, 240_000);
afterAll(() => desk.dispose());

describe.each(PROCEDURES)('$name', (procedure) => {
  describe.each(VICTIMS)('with %s killed', (victim) => {
    for (let boundary = 0; boundary <= procedure.boundaries; boundary += 1)
      it(`at boundary ${boundary}`, () => killAt(desk, procedure, victim, boundary));
  });
});
