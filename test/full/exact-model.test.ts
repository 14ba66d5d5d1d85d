import { expect, it } from 'vitest';
import { walk } from '../engine/support/exact-walk.js';

const SEEDS = 20;
const STEPS = 500_000;

it('cash, positions, results and equity are those of exact arithmetic after each of ten million random steps', () => {
  let taken = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) for (const count of walk(seed, STEPS).values()) taken += count;
  expect(taken).toBe(10_000_000);
});
