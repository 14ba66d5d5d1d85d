import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RunReport, reportPage } from './run-report.js';
import type { SimulationResult } from './run-seed.js';
import { runSeeds } from './run-seeds.js';

const ENDS = fileURLToPath(new URL('./process-that-ends.ts', import.meta.url));
const SIMULATE = fileURLToPath(new URL('./simulate.ts', import.meta.url));
const SOURCES = { commit: 'c0ffee', clean: true, hash: 'ab12'.repeat(16), processes: 2, wanted: 10 };

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
    expect(page).toMatch(/^\| first part begun \(UTC\) \| \d{4}-\d\d-\d\d \d\d:\d\d \|$/m);
    // Of the seeds 1, 2 and 11.
    expect(page).toContain('| a market with hours | 1 |');
    expect(page).toContain('| entries by a stop | 1 |');
    expect(page).toMatch(/^\| records \| cash, (?!.*\barmed\b).*\btrades\.crossed\b/m);
    expect(page).toMatch(/^\| causes of a halt \| auditor, /m);
    expect(page).toMatch(/^\| limits that deny an order \| .*\bgross-exposure\b.*\breward-to-risk\b/m);
    expect(page.split('\n').filter((line) => line.includes('c0ffee'))).toEqual([
      expect.stringMatching(/^\| 1 to 2 \| c0ffee \| .* \| 2 \|$/),
      expect.stringMatching(/^\| 11 to 11 \| c0ffee, and changes \| .* \| 2 \|$/),
    ]);
  });

  it('are one run where the same ran on whatever commits, and never where something else did', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fermata-parts-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const page = join(folder, 'page.md');
    const merged = (...runs: object[]) => {
      const paths = runs.map((run, at) => {
        const part = new RunReport({ ...SOURCES, from: 1 + 10 * at }).asPart();
        const path = join(folder, `part-${at}.json`);
        writeFileSync(path, JSON.stringify({ ...part, run: { ...part.run, ...run } }));
        return path;
      });
      rmSync(page, { force: true });
      const args = ['--import', 'tsx', SIMULATE, '--merge', ...paths, '--report', page];
      const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      return { status, stdout, written: existsSync(page) };
    };
    expect(merged({}, { commit: 'decade' })).toEqual({ status: 0, stdout: '', written: true });
    expect(readFileSync(page, 'utf8')).toContain(SOURCES.hash);
    const other = merged({}, { hash: 'cd34'.repeat(16) });
    expect(other).toMatchObject({ status: 2, written: false });
    expect(other.stdout).toContain(
      'from seed 1 on ab12ab12ab12 ran (c0ffee), from seed 11 on cd34cd34cd34 ran',
    );
    const nameless = merged({}, { hash: undefined });
    expect(nameless).toMatchObject({ status: 2, written: false });
    expect(nameless.stdout).toContain('that from seed 11 on does not name the hash of what ran');
  });
});
