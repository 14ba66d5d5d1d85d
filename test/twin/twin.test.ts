/** The comparison that later changes of the core are held to: it has to be silent where nothing changed, and to notice. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { SIMULATION_SOURCES } from '../simulation/sources.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fermata-twin-'));
for (const part of SIMULATION_SOURCES) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Seeds in which a desk trades on contracts and on spot. */
function twin(): { readonly code: number | null; readonly text: string } {
  const args = ['scripts/twin.mjs', '--base', folder, '--seeds', '6'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  return { code: status, text: stdout + stderr };
}

it('two builds of the same sources differ in nothing', () => {
  const { code, text } = twin();
  expect(text).toMatch(/^6 seeds, \d{4,} events: equal$/m);
  expect(code).toBe(0);
});

it('a build with one other line is told at the event where it first shows, with what each of them did', () => {
  const file = join(folder, 'src/engine/flow/wanted-stop.ts');
  const before = readFileSync(file, 'utf8');
  const place = '?? Math.abs(position.quantityLots),';
  expect(before.split(place)).toHaveLength(2);
  writeFileSync(file, before.replace(place, '?? Math.abs(position.quantityLots) - 1,'));
  const { code, text } = twin();
  writeFileSync(file, before);
  expect(code).toBe(1);
  expect(text).toMatch(/^seed \d, event \d+: \{.*?"kind":"\w+"/m);
  const [here, there] = (text.split('\nhere:\n')[1] ?? '').split('\nthere:\n');
  const lots = (told = '') => Number(/"purpose":"protective".*?"quantityLots":(\d+)/.exec(told)?.[1]);
  expect(lots(there)).toBe(lots(here) - 1);
});
