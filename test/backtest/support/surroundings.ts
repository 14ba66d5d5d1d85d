/** What must change no result: where a process runs, on how many cores, and how its memory is kept. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROGRAM = fileURLToPath(new URL('./hash-runs.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
  /** On the first core alone; otherwise on all. */
  readonly oneCore: boolean;
}

const ZONES = ['UTC', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia', 'Europe/Vienna'];
const LOCALES = ['C', 'tr_TR.UTF-8', 'de_AT.UTF-8', 'ar_EG.UTF-8', 'hi_IN.UTF-8'];
/** Of the garbage collector, the compiler and the threads that help them. */
const FLAGS: readonly (readonly string[])[] = [
  [],
  ['--expose-gc'],
  ['--max-semi-space-size=1'],
  ['--gc-interval=5000'],
  ['--single-threaded'],
  ['--no-opt'],
  ['--always-sparkplug'],
];

/** Keeps a process on one core. Only Linux has it; elsewhere V8's own `--single-threaded` has to stand for it. */
const TASKSET = 'taskset';
export const canBindCores = (): boolean =>
  spawnSync(TASKSET, ['--cpu-list', '0', process.execPath, '--version']).status === 0;

/** The first `count` of their combinations, in an order in which zone, locale, flags and cores change from one to the next. */
export function surroundings(count: number): readonly Surroundings[] {
  return Array.from({ length: count }, (_, at) => {
    const locale = LOCALES[(at + Math.floor(at / ZONES.length)) % LOCALES.length]!;
    return {
      env: { TZ: ZONES[at % ZONES.length]!, LANG: locale, LC_ALL: locale },
      flags: FLAGS[at % FLAGS.length]!,
      oneCore: at % 2 === 1,
    };
  });
}

/** What each of so many backtests in one process came to. */
export async function hashesOf(
  { env, flags, oneCore }: Surroundings,
  desk: string,
  file: string,
  runs: number,
): Promise<readonly string[]> {
  const args = [...flags, '--import', 'tsx', PROGRAM, desk, file, String(runs)];
  const bound = oneCore && canBindCores() ? [TASKSET, '--cpu-list', '0'] : [];
  const [program = '', ...rest] = [...bound, process.execPath, ...args];
  const { stdout } = await promisify(execFile)(program, rest, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  return stdout.trim().split('\n');
}
