/** All cells of procedures, on a desk of their own: one that fails spoils no other desk. */
import { afterAll, describe, it } from 'vitest';
import { Random } from '../../simulation/random.js';
import { type Bench, openPaperBench } from './bench.js';
import { killAt, undisturbed } from './cell.js';
import type { Procedure } from './procedure.js';
import { ALL_VICTIMS, type Victim } from './victims.js';

/**
 * To be awaited while a test file is collected: how many boundaries there are, an undisturbed run says. One process
 * after the other at each boundary, so that the supervisor does not give up one that dies again and again.
 * `KILL_CELLS=N`: as many of each procedure, drawn by KILL_SEED, of each process as many as of another.
 */
export async function describeKills(
  procedures: Procedure | readonly Procedure[],
  openBench: (...options: string[]) => Promise<Bench> = openPaperBench,
): Promise<void> {
  const bench = await openBench('--separate');
  afterAll(() => bench.close());
  for (const procedure of [procedures].flat()) {
    const expected = await undisturbed(bench, procedure);
    const boundaries: readonly (number | 'start')[] = [
      ...Array.from({ length: expected.boundaries + 1 }, (_, boundary) => boundary),
      ...(procedure.startsAll ? (['start'] as const) : []),
    ];
    const cells = drawn(
      boundaries.flatMap((boundary) => ALL_VICTIMS.map((victim) => ({ boundary, victim }))),
    );
    describe(`${procedure.name} ends with the same evidence, and nothing is done twice`, () => {
      it.each(cells)(`at boundary $boundary of ${expected.boundaries}: $victim killed`, (cell) =>
        killAt(bench, procedure, expected, cell.victim, cell.boundary),
      );
    });
  }
}

const random = new Random(Number(process.env.KILL_SEED ?? 1));

function drawn<T extends { readonly victim: Victim }>(cells: readonly T[]): readonly T[] {
  const wanted = Number(process.env.KILL_CELLS ?? cells.length);
  if (!(wanted >= 1))
    throw new Error(`KILL_CELLS: expected a number from 1 on, found ${process.env.KILL_CELLS}`);
  if (wanted >= cells.length) return cells;
  const shuffled = cells
    .map((cell) => ({ cell, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ cell }) => cell);
  const ofVictim = (victim: Victim) => shuffled.filter((cell) => cell.victim === victim);
  return shuffled
    .map((cell) => ({ cell, round: ofVictim(cell.victim).indexOf(cell) }))
    .sort((a, b) => a.round - b.round)
    .slice(0, wanted)
    .map(({ cell }) => cell);
}
