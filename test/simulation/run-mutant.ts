/** Runs the simulation on a copy of the sources with one change, until the first seed in which somebody objects. */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endChildWithThisProcess } from '../support/end-with-this-process.js';
import type { Mutant } from './mutants/mutant.js';
import { Random } from './random.js';
import { THREW } from './run-seeds.js';
import { SIMULATION_SOURCES } from './sources.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Bounds a mutant that hangs; on a busy machine 300 seeds take minutes. */
const RUN_MS_MAX = 25 * 60_000;
/** Each seed may say something. */
const SAID_LENGTH_MAX = 256 * 1024 * 1024;

export interface Caught {
  /** Null: nobody objected. */
  readonly seed: number | null;
  /** The watcher's name and what it said. */
  readonly words: string;
}

export interface MutantRun extends Caught {
  readonly caught: boolean;
  readonly output: string;
}

/** How often the place that the mutant breaks is there: once, or the mutant tries nothing. */
export function placesOf({ file, find }: Mutant): number {
  return readFileSync(join(ROOT, 'src', file), 'utf8').split(find).length - 1;
}

export function runMutant({ file, find, put, throws, from = 1 }: Mutant, seeds: number): Promise<MutantRun> {
  const folder = mkdtempSync(join(tmpdir(), 'fermata-mutant-'));
  for (const part of [...SIMULATION_SOURCES, 'scripts/options.mjs', 'scripts/proofs'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const path = join(folder, 'src', file);
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) throw new RangeError(`${file} has ${parts.length - 1} places like ${find}`);
  writeFileSync(path, parts.join(put));
  const script = join(folder, 'test/simulation/simulate.ts');
  const until = throws === undefined ? '--until-objection' : '--until-failure';
  const asked = ['--seeds', String(seeds), '--from', String(from), '--jobs', '1', until];
  const args = ['--import', 'tsx', script, ...asked];
  const bounds = { cwd: folder, timeout: RUN_MS_MAX, maxBuffer: SAID_LENGTH_MAX };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, bounds, (error, stdout, stderr) => {
      rmSync(folder, { recursive: true, force: true });
      const found = whoObjected(stdout, throws !== undefined);
      // Sources that can't be run end with 1, too, and say nothing of a seed.
      const caught = error?.code === 1 && found.seed !== null;
      resolve({ ...found, caught, output: stdout.slice(-20_000) + stderr });
    });
    endChildWithThisProcess(child);
  });
}

/** For the screen, and for what is kept. */
export function asLine({ what }: Mutant, { caught, seed, words }: MutantRun): string {
  return caught ? `caught  ${what}: seed ${seed}, ${words}\n` : `MISSED  ${what}\n`;
}

/** `count` of them at the most: the same ones wherever the seed is the same. */
export function drawnMutants(all: readonly Mutant[], seed: number, count: number): Mutant[] {
  const random = new Random(seed);
  const left = [...all];
  return Array.from({ length: Math.min(count, all.length) }, () =>
    left.splice(random.whole(0, left.length - 1), 1),
  ).flat();
}

/** Of what a run printed, the first seed with an objection; one that only threw counts where that is known to be the way. */
export function whoObjected(stdout: string, throwingCounts: boolean): Caught {
  for (const [, seed, said = ''] of stdout.matchAll(/^seed (\d+) failed:\n((?: {2}.*\n)+)/gm)) {
    const lines = said.split('\n').map((line) => line.slice(2));
    const words = throwingCounts || !said.startsWith(`  ${THREW}`) ? lines[0] : undefined;
    if (words !== undefined) return { seed: Number(seed), words };
  }
  return { seed: null, words: '' };
}
