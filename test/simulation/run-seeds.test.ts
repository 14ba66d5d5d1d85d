import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RunReport, reportPage } from './run-report.js';
import type { SimulationResult } from './run-seed.js';
import { runSeeds } from './run-seeds.js';

const ENDS = fileURLToPath(new URL('./process-that-ends.ts', import.meta.url));
const SOURCES = { commit: 'c0ffee', clean: true, processes: 2, wanted: 10 };

async function all(results: AsyncGenerator<SimulationResult>): Promise<SimulationResult[]> {
  const found: SimulationResult[] = [];
  for await (const result of results) found.push(result);
  return found;
}

describe('many seeds', () => {
  it('come to the same side by side as one after the other, and in the same order', async () => {
    const [apart, alone] = await Promise.all([all(runSeeds(1, 12, 2)), all(runSeeds(1, 12, 1))]);
    expect(apart.map(({ seed }) => seed)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(apart).toEqual(alone);
  });

  it('go on where one of them takes its process with it, and that one has failed', async () => {
    const results = await all(runSeeds(1, 6, 2, ENDS));
    expect(results.map(({ seed }) => seed)).toEqual([1, 2, 3, 4, 5, 6]);
    const failed = results.filter(({ violations }) => violations.length > 0);
    expect(failed.map(({ seed }) => seed)).toEqual([3]);
    expect(failed[0]?.violations).toEqual(['the process that ran it ended with 7']);
  });

  it('are reported together where they ran in parts, each part with the sources that it ran on', () => {
    const result = (seed: number, fills: number, violations: string[]): SimulationResult => ({
      ...{ seed, fills, violations, submits: 1, crashes: 0, armings: 0, adoptions: 0, stateHash: '' },
      injected: new Map([['kill -9', fills]]),
      reached: new Map([['armed', 1]]),
    });
    const first = new RunReport({ ...SOURCES, from: 1 });
    const second = new RunReport({ ...SOURCES, from: 11, clean: false });
    first.add(result(1, 1_000, []));
    first.add(result(2, 500, ['it sold what it did not have']));
    second.add(result(11, 7, []));
    const page = reportPage([second.asPart(), first.asPart()]);
    expect(page).toContain('| seeds | 3, of 20 that were asked for |');
    expect(page).toContain('| failed | 2 |');
    expect(page).toContain('| fills | 1,507 |');
    expect(page).toContain('| kill -9 | 1,507 |');
    expect(page).toContain('| armed | 3 |');
    expect(page.split('\n').filter((line) => line.includes('c0ffee'))).toEqual([
      expect.stringMatching(/^\| 1 to 2 \| c0ffee \| .* \| 2 \|$/),
      expect.stringMatching(/^\| 11 to 11 \| c0ffee, and changes \| .* \| 2 \|$/),
    ]);
  });
});
