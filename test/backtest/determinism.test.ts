import { expect, it } from 'vitest';
import { loaded, temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';
import { hashesOf, surroundings } from './support/surroundings.js';

it('the same prices come to the same state and fills, whatever zone, locale, garbage collector and number of cores', async () => {
  const file = writeMinutes(temporaryFolder(), waves(600));
  const all = await Promise.all(surroundings(4).map((one) => hashesOf(one, loaded.file, file, 3)));
  expect(all.map(({ length }) => length)).toEqual([3, 3, 3, 3]);
  const [first = ''] = all[0]!;
  expect(first).toMatch(/^[0-9a-f]{64} [0-9a-f]{64} [1-9]\d*$/);
  expect(new Set(all.flat())).toEqual(new Set([first]));
});
