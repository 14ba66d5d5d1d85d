import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loaded, temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';
import { drawnSurroundings, expectSame, hashesOf, PROCESSES } from './support/surroundings.js';
import { writeCrossDesk, writeWalk } from './support/walks.js';

/** Draws which of the surroundings of `test/full/determinism.test.ts` are tried here: `HASH_SEED=N`. */
const SEED = Number(process.env.HASH_SEED ?? 1);

it(`the same prices come to the same state and fills, whatever zone, locale, garbage collector and number of cores (HASH_SEED=${SEED})`, async () => {
  const folder = temporaryFolder();
  const own = { desk: writeCrossDesk(folder), file: writeWalk(join(folder, 'walk.csv'), 600) };
  const shipped = { desk: loaded.file, file: writeMinutes(folder, waves(600)) };
  for (const { desk, file } of [own, shipped]) {
    const drawn = drawnSurroundings(SEED, 4, PROCESSES);
    const all = await Promise.all(drawn.map((one) => hashesOf(one, desk, file, 3)));
    expect(all.map(({ length }) => length)).toEqual([3, 3, 3, 3]);
    expectSame(all.flat());
  }
});
