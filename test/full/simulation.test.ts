import { describe, expect, it } from 'vitest';
import { runSeed } from '../simulation/run-seed.js';

const SEEDS = 100_000;
const CHUNK = 1_000;
/** Beyond those of the ordinary run. */
const FROM = 1_001;

describe('the core and its journal at a faulty venue, at length', () => {
  for (let from = FROM; from < FROM + SEEDS; from += CHUNK) {
    it(`come out right for the seeds ${from} to ${from + CHUNK - 1}`, async () => {
      for (let seed = from; seed < from + CHUNK; seed += 1) {
        const { violations } = await runSeed(seed);
        expect(violations, `again: npm run simulate -- --seeds 1 --from ${seed}`).toEqual([]);
      }
    });
  }
});
