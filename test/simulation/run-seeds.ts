/** Many seeds, side by side in processes of their own where more than one is wanted; results come in the order of seeds. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runSeed, type SimulationResult } from './run-seed.js';

const SEED_PROCESS = fileURLToPath(new URL('./seed-process.ts', import.meta.url));
/** Seeds that are asked for ahead of the oldest without a result, for each process: none waits for a slow one. */
const AHEAD = 8;
/** Begins what a seed says that ended in an exception: nobody watched that, and nobody objected. */
export const THREW = 'threw: ';
/** What is compiled already runs as it is. */
const optionsOf = (script: string): string[] =>
  script.endsWith('.ts') ? ['--import', 'tsx'] : ['--enable-source-maps'];

export async function* runSeeds(
  from: number,
  count: number,
  processes: number,
  seedProcess = SEED_PROCESS,
): AsyncGenerator<SimulationResult> {
  const end = from + count;
  if (processes === 1) {
    for (let seed = from; seed < end; seed += 1) yield await runSeed(seed).catch(thrown(seed));
    return;
  }
  const pool = new SeedPool(processes, seedProcess);
  const underWay: Promise<SimulationResult>[] = [];
  let next = from;
  const askAhead = (): void => {
    for (; next < end && underWay.length < AHEAD * processes; next += 1) underWay.push(pool.run(next));
  };
  try {
    for (askAhead(); underWay.length > 0; askAhead()) yield await (underWay.shift() as (typeof underWay)[0]);
  } finally {
    pool.end();
  }
}

class SeedPool {
  readonly #free: SeedProcess[];
  readonly #all: readonly SeedProcess[];
  readonly #waiting: ((free: SeedProcess) => void)[] = [];

  constructor(processes: number, script: string) {
    this.#all = Array.from({ length: processes }, () => new SeedProcess(script));
    this.#free = [...this.#all];
  }

  async run(seed: number): Promise<SimulationResult> {
    const free = this.#free.pop() ?? (await new Promise<SeedProcess>((take) => this.#waiting.push(take)));
    const result = await free.run(seed);
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(free);
    else next(free);
    return result;
  }

  end(): void {
    for (const one of this.#all) one.end();
  }
}

class SeedProcess {
  #child: ChildProcess | null = null;

  constructor(private readonly script: string) {}

  /** Where the process ends without an answer, that seed has failed, and the next one gets another process. */
  run(seed: number): Promise<SimulationResult> {
    this.#child ??= fork(this.script, [], { execArgv: optionsOf(this.script), serialization: 'advanced' });
    const child = this.#child;
    return new Promise((resolve) => {
      const gone = (code: number | null, signal: string | null): void => {
        this.#child = null;
        resolve(failed(seed, `the process that ran it ended with ${code ?? signal}`));
      };
      child.once('exit', gone);
      child.once('message', (result) => {
        child.off('exit', gone);
        resolve(result as SimulationResult);
      });
      child.send(seed);
    });
  }

  end(): void {
    this.#child?.removeAllListeners();
    this.#child?.kill('SIGKILL');
  }
}

/** One seed that contradicts itself must not take the others with it. */
function thrown(seed: number): (error: unknown) => SimulationResult {
  return (error) =>
    failed(seed, `${THREW}${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}

function failed(seed: number, violation: string): SimulationResult {
  const none = { fills: 0, submits: 0, crashes: 0, armings: 0, adoptions: 0, stateHash: '' };
  return { ...none, seed, violations: [violation], injected: new Map(), reached: new Map() };
}
