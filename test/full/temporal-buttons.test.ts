/** Every cell: each procedure, each boundary and the middle of its handler, cancelled, terminated, reset and lost. */
import { afterAll, describe, it } from 'vitest';
import { BUTTONS, pressAt, undisturbed } from '../support/kill-matrix/buttons.js';
import { PRESSABLES } from '../support/kill-matrix/pressables.js';
import { openBench } from '../workflows/support/desk-bench.js';

const bench = await openBench();
afterAll(() => bench.close());

for (const procedure of PRESSABLES.filter(({ name }) => name.includes(process.env.ONLY ?? ''))) {
  const expected = await undisturbed(bench, procedure);
  describe(`${procedure.name}, which has ${expected.boundaries} boundaries`, () => {
    for (let boundary = 0; boundary <= expected.boundaries; boundary += 1) {
      it.each(BUTTONS)(`at boundary ${boundary}: %s`, (button) =>
        pressAt(bench, procedure, button, boundary, expected),
      );
    }
    if (procedure.handler !== undefined)
      it.each(BUTTONS)('while a handler runs: %s', (button) =>
        pressAt(bench, procedure, button, 'handler', expected),
      );
  });
}
