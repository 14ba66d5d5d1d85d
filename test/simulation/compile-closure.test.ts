/** What ran has one hash, whatever the commit; and what is compiled is what runs. */
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { compileClosure } from './compile-closure.js';
import type { SimulationResult } from './run-seed.js';
import { runSeeds } from './run-seeds.js';
import { SIMULATION_SOURCES } from './sources.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function copyOfSources(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-closure-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const part of SIMULATION_SOURCES) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

async function hashOf(root: string): Promise<string> {
  const { hash, remove } = await compileClosure(root);
  remove();
  return hash;
}

it('is the same elsewhere, with other comments, and with other files that no seed runs', async () => {
  const copy = copyOfSources();
  appendFileSync(join(copy, 'src/engine/engine.ts'), '\n// A word more.\n');
  appendFileSync(join(copy, 'src/cli/main.ts'), '\nexport const more = 1;\n');
  expect(await hashOf(copy)).toBe(await hashOf(ROOT));
});

it.each([
  [
    'the engine',
    'src/engine/flow/on-tick.ts',
    'if (!core.begun) return;',
    'if (core.begun === false) return;',
  ],
  ['a watcher', 'test/simulation/watchers/stop-gaps.ts', 'BARE_MS_MAX = 12_000', 'BARE_MS_MAX = 12_001'],
])('is another one where %s is', async (_what, file, find, put) => {
  const copy = copyOfSources();
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  expect(text.split(find)).toHaveLength(2);
  writeFileSync(path, text.replace(find, put));
  expect(await hashOf(copy)).not.toBe(await hashOf(ROOT));
});

it('comes to the same, compiled and side by side, as the sources do one after the other', async () => {
  const compiled = await compileClosure(ROOT);
  onTestFinished(compiled.remove);
  const all = async (results: AsyncGenerator<SimulationResult>) => {
    const found: SimulationResult[] = [];
    for await (const result of results) found.push(result);
    return found;
  };
  expect(await all(runSeeds(101, 6, 2, compiled.file))).toEqual(await all(runSeeds(101, 6, 1)));
});
