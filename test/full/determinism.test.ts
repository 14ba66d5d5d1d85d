import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cameTo, hashesOf, PROCESSES, surroundings } from '../backtest/support/surroundings.js';
import { writeCrossDesk, writeWalk } from '../backtest/support/walks.js';
import { temporaryFolder } from '../validation/support/validations.js';

const RUNS = 40;

it('1,000 runs of a strategy of its user’s own come to the same state and fills, whatever zone, locale, garbage collector, number of cores and threads', async () => {
  const folder = temporaryFolder();
  const desk = writeCrossDesk(folder);
  const file = writeWalk(join(folder, 'walk.csv'), 600);
  const seen: string[] = [];
  for (const one of surroundings(PROCESSES)) seen.push(...(await hashesOf(one, desk, file, RUNS)));
  expect(seen).toHaveLength(PROCESSES * RUNS);
  const { states, whole } = cameTo(seen);
  expect(whole).toEqual([expect.stringMatching(/^[0-9a-f]{64} [0-9a-f]{64} [1-9]\d*$/)]);
  expect(states).toEqual([whole[0]!.split(' ')[0]]);
});
