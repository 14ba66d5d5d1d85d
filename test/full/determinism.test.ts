import { expect, it } from 'vitest';
import { hashesOf, surroundings } from '../backtest/support/surroundings.js';
import { loaded, temporaryFolder, waves, writeMinutes } from '../validation/support/validations.js';

const PROCESSES = 50;
const RUNS = 20;

it('1,000 runs come to the same state and fills, whatever zone, locale, garbage collector and number of cores', async () => {
  const file = writeMinutes(temporaryFolder(), waves(1_440));
  const seen: string[] = [];
  for (const one of surroundings(PROCESSES)) seen.push(...(await hashesOf(one, loaded.file, file, RUNS)));
  expect(seen).toHaveLength(PROCESSES * RUNS);
  expect(seen[0]).toMatch(/^[0-9a-f]{64} [0-9a-f]{64} [1-9]\d*$/);
  expect(new Set(seen).size).toBe(1);
});
