/** The code of earlier builds stays as long as a run may need it, and no folder grows with every upgrade. */
import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { homePaths } from '../../src/home/runtime.js';
import { dropUnneeded, keepBundle, readKeptBundle } from '../../src/worker/workflow-bundles.js';

const HOUR_MS = 3_600_000;
const SPARE = 5;
const home = mkdtempSync(join(tmpdir(), 'fermata-kept-'));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const folder = (): string => homePaths(home).workflowBundles;
const there = (): readonly string[] =>
  readdirSync(folder())
    .map((name) => name.replace(/^operations-|\.js$/g, ''))
    .sort();

/** Builds in the order in which they ran here, the oldest first. */
async function builds(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const id = await keepBundle(home, `module.exports = ${at}`);
    const ranMs = Date.now() - (count - at) * HOUR_MS;
    utimesSync(join(folder(), `operations-${id}.js`), new Date(ranMs), new Date(ranMs));
    ids.push(id);
  }
  return ids;
}

it('stays while a run of it is open, however many builds came after it', async () => {
  const ids = await builds(SPARE + 4);
  const [oldest = '', second = '', ...later] = ids;
  await dropUnneeded(home, new Set([oldest]));
  expect(there()).toEqual([oldest, ...later.slice(-SPARE)].sort());
  expect(await readKeptBundle(home, oldest)).toEqual({ code: 'module.exports = 0' });
  expect(await readKeptBundle(home, second)).toEqual({ problem: expect.stringMatching(/is missing$/) });
});

it('counts as new again when it is run again: who goes back to it finds it there', async () => {
  const ids = await builds(SPARE + 1);
  expect(await keepBundle(home, 'module.exports = 0')).toBe(ids[0]);
  await dropUnneeded(home, new Set());
  expect(there()).toEqual([ids[0], ...ids.slice(2)].sort());
});
