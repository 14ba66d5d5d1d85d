/** npm, asked about an installation. What it says is believed only where the registry itself has answered. */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../domain/message-of.js';
import { plainEnvironment } from '../home/plain-environment.js';

/** Where Fermata is installed. */
export const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url));

const LIMIT_MS = 120_000;
/** Of a step's time: what is left says why npm gave no answer. */
const SHARE = 0.9;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const EACH_TIME = [
  ...['--json', '--no-update-notifier'],
  ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'],
];
/** Which registry npm asks, and through what. */
const OF_NPM = /^(npm_config_(registry|userconfig|cafile|proxy|https_proxy|noproxy)|https?_proxy|no_proxy)$/i;

/** What npm answered, or why nobody knows. */
export type Said = { readonly answer: unknown } | { readonly problem: string };

/** Runs npm in the installation's folder and reads its JSON; never rejects. */
export type Npm = (...args: readonly string[]) => Promise<Said>;

/** How long npm may take for all that a check asks, of its step's time. */
export const npmLimitMs = (stepMs = LIMIT_MS): number => stepMs * SHARE;

/** `limitMs`: for everything that `ask` asks. */
export async function withNpm<T>(folder: string, limitMs: number, ask: (npm: Npm) => Promise<T>): Promise<T> {
  // An old answer of npm's own cache would stand for the registry where that can't be reached.
  const cache = await mkdtemp(join(tmpdir(), 'fermata-npm-'));
  const signal = AbortSignal.timeout(limitMs);
  try {
    return await ask((...args) => run(folder, [...args, '--cache', cache], signal));
  } finally {
    // npm may write a last file while it ends.
    await rm(cache, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** For npm and what it runs: without the desk's secrets. */
export function npmEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => OF_NPM.test(name));
  return { ...plainEnvironment(), ...Object.fromEntries(own) };
}

/** Its exit code says nothing here: it is 1 for every package that is behind or vulnerable. */
function run(folder: string, args: readonly string[], signal: AbortSignal): Promise<Said> {
  const options = { cwd: folder, env: npmEnvironment(), signal, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    execFile('npm', [...args, ...EACH_TIME], options, (error, stdout) => {
      // Nothing said and no failure: there is nothing to list.
      if (error === null && stdout.trim() === '') return resolve({ answer: {} });
      if (signal.aborted) return resolve({ problem: 'no answer in time' });
      resolve(readAnswer(stdout) ?? { problem: error === null ? 'no answer in JSON' : failureOf(error) });
    });
  });
}

const failureOf = (error: ExecFileException): string =>
  error.code === 'ENOENT' ? 'npm is not on this machine' : messageOf(error);

/** Null: no JSON. */
function readAnswer(stdout: string): Said | null {
  try {
    const answer: unknown = JSON.parse(stdout);
    const { message, error } = (answer ?? {}) as Refusal;
    // Where there is nothing to sum up, its message says more.
    if (error?.summary === undefined) return { answer };
    return { problem: [error.code, error.summary || message].filter(Boolean).join(': ') };
  } catch {
    return null;
  }
}

interface Refusal {
  readonly message?: string;
  readonly error?: { readonly code?: string; readonly summary?: string };
}
