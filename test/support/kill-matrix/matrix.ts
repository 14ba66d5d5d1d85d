/** All cells of one procedure, on a desk of its own: one that fails spoils no other procedure. */
import { afterAll, describe, it } from 'vitest';
import { type Bench, openPaperBench } from './bench.js';
import { killAt, undisturbed } from './cell.js';
import type { Procedure } from './procedure.js';
import { ALL_VICTIMS } from './victims.js';

/**
 * To be awaited while a test file is collected: how many boundaries there are, an undisturbed run says. One process
 * after the other at each boundary, so that the supervisor does not give up one that dies again and again.
 */
export async function describeKills(
  procedure: Procedure,
  openBench: (...options: string[]) => Promise<Bench> = openPaperBench,
): Promise<void> {
  const bench = await openBench('--separate');
  afterAll(() => bench.close());
  const expected = await undisturbed(bench, procedure);
  describe(`${procedure.name} ends with the same evidence, and nothing is done twice`, () => {
    for (let boundary = 0; boundary <= expected.boundaries; boundary += 1) {
      it.each(ALL_VICTIMS)(`at boundary ${boundary} of ${expected.boundaries}: %s killed`, (victim) =>
        killAt(bench, procedure, expected, victim, boundary),
      );
    }
  });
}
