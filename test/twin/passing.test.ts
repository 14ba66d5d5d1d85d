/**
 * What a backtest passes over would have changed nothing: on the events of the simulation, with its crashes, refusals and floods, an engine
 * that passes over ticks and quotes wherever it can has the effects of one that takes no shortcut.
 */
import { expect, it } from 'vitest';
import { createEngine } from '../../src/engine/engine.js';
import { runSeed } from '../simulation/run-seed.js';
import { engineConfig } from '../simulation/scenario.js';
import { type Build, Twins } from './twin.js';

const SEEDS = 40;
const general: Build = {
  createEngine: (config) => createEngine({ ...config, takesNoShortcut: true }),
  engineConfig,
};

it('passes over thousands of ticks and quotes, and every effect is the same', async () => {
  let passed = 0;
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const twins = new Twins(general, [], true);
    await runSeed(seed, { engineOf: (...of) => twins.engineOf(...of) });
    expect({ seed, ...twins.difference }).toEqual({ seed });
    passed += twins.passed;
  }
  expect(passed).toBeGreaterThan(1_000);
});
