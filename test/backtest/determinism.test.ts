import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deskWithQuickAverages } from '../support/desk-files.js';
import { temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';
import { cameTo, drawnSurroundings, hashesOf, PROCESSES, surroundings } from './support/surroundings.js';
import { writeCrossDesk, writeWalk } from './support/walks.js';

/** Draws which of the surroundings of `test/full/determinism.test.ts` are tried here: `HASH_SEED=N`. */
const SEED = Number(process.env.HASH_SEED ?? 1);

it(`the same prices come to the same state and fills, whatever zone, locale, garbage collector and number of cores (HASH_SEED=${SEED})`, async () => {
  const folder = temporaryFolder();
  const own = { desk: writeCrossDesk(folder), file: writeWalk(join(folder, 'walk.csv'), 600) };
  const shipped = { desk: deskWithQuickAverages(folder), file: writeMinutes(folder, waves(600)) };
  // Node's own garbage collector as a global: a strategy's context must not trip over it.
  const exposed = surroundings(PROCESSES).find(({ flags }) => flags.includes('--expose-gc'))!;
  const tries = [
    [own, [exposed, ...drawnSurroundings(SEED, 3, PROCESSES)]],
    [shipped, drawnSurroundings(SEED + 1, 2, PROCESSES)],
  ] as const;
  for (const [{ desk, file }, drawn] of tries) {
    const all = await Promise.all(drawn.map((one) => hashesOf(one, desk, file, 3)));
    expect(all.map(({ length }) => length)).toEqual(drawn.map(() => 3));
    const { states, whole } = cameTo(all.flat());
    expect(whole).toEqual([expect.stringMatching(/^[0-9a-f]{64} [0-9a-f]{64} [1-9]\d*$/)]);
    expect(states).toEqual([whole[0]!.split(' ')[0]]);
  }
});
