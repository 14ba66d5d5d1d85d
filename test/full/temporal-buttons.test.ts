/** Every cell: each procedure, each boundary, cancelled, terminated, reset and lost. */
import { afterAll, describe, it } from 'vitest';
import { BUTTONS, boundariesOf, pressAt } from '../support/kill-matrix/buttons.js';
import { PRESSABLES } from '../support/kill-matrix/pressables.js';
import { openBench } from '../workflows/support/desk-bench.js';

const bench = await openBench();
afterAll(() => bench.close());

for (const procedure of PRESSABLES) {
  const boundaries = await boundariesOf(bench, procedure);
  describe(`${procedure.name}, which has ${boundaries} boundaries`, () => {
    for (let boundary = 0; boundary <= boundaries; boundary += 1) {
      it.each(BUTTONS)(`at boundary ${boundary}: %s`, (button) =>
        pressAt(bench, procedure, button, boundary),
      );
    }
  });
}
