/** What must change no result: where a process runs, on how many cores, and how its memory is kept. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { seededRandom } from '../../../simulators/random.js';

const PROGRAM = fileURLToPath(new URL('./hash-runs.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** With 40 runs each, a thousand. */
export const PROCESSES = 25;

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** On the first core alone; otherwise on all. */
  readonly oneCore: boolean;
  /** As trials of a sweep on so many threads; 0: one after the other, without. */
  readonly threads: number;
}

const ZONES = ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Europe/Vienna'];
const LOCALES = ['C', 'tr_TR.UTF-8', 'de_AT.UTF-8', 'ar_EG.UTF-8', 'hi_IN.UTF-8'];
/** Of the garbage collector, the compiler and the threads that help them. */
const FLAGS: readonly (readonly string[])[] = [
  [],
  ['--expose-gc'],
  ['--max-semi-space-size=1'],
  ['--max-semi-space-size=64', '--expose-gc'],
  ['--gc-interval=5000'],
  ['--single-threaded'],
  ['--no-opt'],
  ['--always-sparkplug'],
];

/** Keeps a process on one core. Only Linux has it; elsewhere V8's own `--single-threaded` has to stand for it. */
const TASKSET = 'taskset';
export const canBindCores = (): boolean =>
  spawnSync(TASKSET, ['--cpu-list', '0', process.execPath, '--version']).status === 0;

/** The first `count` of their combinations, in an order in which zone, locale, flags, cores and threads change from one to the next. */
export function surroundings(count: number): readonly Surroundings[] {
  return Array.from({ length: count }, (_, at) => {
    const locale = LOCALES[(at + Math.floor(at / ZONES.length)) % LOCALES.length]!;
    return {
      env: { TZ: ZONES[at % ZONES.length]!, LANG: locale, LC_ALL: locale },
      flags: FLAGS[at % FLAGS.length]!,
      oneCore: at % 2 === 1,
      threads: at % 4 === 3 ? 1 + (at % 3) : 0,
    };
  });
}

/** So many of the first `of`, drawn by a seed: one of them a sweep's. */
export function drawnSurroundings(seed: number, count: number, of: number): readonly Surroundings[] {
  const random = seededRandom(seed);
  const draw = (from: readonly Surroundings[]) => from[Math.floor(random() * from.length)]!;
  const [alone, swept] = [0, 1].map((kind) =>
    surroundings(of).filter(({ threads }) => Math.min(1, threads) === kind),
  );
  return [draw(swept!), ...Array.from({ length: count - 1 }, () => draw(alone!))];
}

/** What each of so many backtests in one process came to: the state's hash, and, but for a sweep's, the fills' hash and number. */
export async function hashesOf(
  { env, flags, oneCore, threads }: Surroundings,
  desk: string,
  file: string,
  runs: number,
): Promise<readonly string[]> {
  const args = [...flags, PROGRAM, desk, file, String(runs), String(threads)];
  const bound = oneCore && canBindCores() ? [TASKSET, '--cpu-list', '0'] : [];
  const [program = '', ...rest] = [...bound, process.execPath, ...args];
  const { stdout } = await promisify(execFile)(program, rest, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  return stdout.trim().split('\n');
}

/** The states that came out, and those with their fills, each once. */
export function cameTo(lines: readonly string[]): { readonly states: string[]; readonly whole: string[] } {
  const states = new Set(lines.map((line) => line.split(' ')[0]!));
  return { states: [...states], whole: [...new Set(lines.filter((line) => line.includes(' ')))] };
}
