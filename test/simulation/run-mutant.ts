/** Runs the simulation on a copy of the sources with one change, until the first seed that fails. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants/mutant.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface MutantRun {
  readonly caught: boolean;
  readonly output: string;
}

/** How often the place that the mutant breaks is there: once, or the mutant tries nothing. */
export function placesOf({ file, find }: Mutant): number {
  return readFileSync(join(ROOT, 'src', file), 'utf8').split(find).length - 1;
}

export function runMutant({ file, find, put }: Mutant, seeds: number): Promise<MutantRun> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-mutant-'));
  for (const part of [
    'package.json',
    'tsconfig.json',
    'src',
    'test/simulation',
    'test/support',
    'scripts/proofs',
  ])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src', file);
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) throw new RangeError(`${file} has ${parts.length - 1} places like ${find}`);
  writeFileSync(path, parts.join(put));
  const script = join(folder, 'test/simulation/simulate.ts');
  const args = ['--import', 'tsx', script, '--seeds', String(seeds), '--jobs', '1', '--until-failure'];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) => {
      rmSync(folder, { recursive: true, force: true });
      // A seed that failed, or an engine that contradicted itself: not sources that can't be run.
      const said = stdout.includes('failed:') || stderr.includes('RangeError');
      resolve({ caught: error?.code === 1 && said, output: stdout + stderr });
    });
  });
}
