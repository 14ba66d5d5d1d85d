/** Asks npm about an installation. Its answer is trusted only if the registry itself has answered. */
import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deskEnvironment, plainEnvironment } from '../desk/desk-environment.js';
import { messageOf } from '../domain/message-of.js';

/** Where Fermata is installed. */
export const INSTALLATION = fileURLToPath(new URL('../..', import.meta.url));

const LIMIT_MS = 120_000;
/** Fraction of the step's time; the rest is for saying why npm gave no answer. */
const SHARE = 0.9;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const EACH_TIME = [
  ...['--json', '--no-update-notifier'],
  ...['--fetch-retries=1', '--fetch-retry-mintimeout=1000', '--fetch-timeout=30000'],
];
/** Variables that choose npm's registry and its proxy. */
const OF_NPM = /^(npm_config_(registry|userconfig|cafile|proxy|https_proxy|noproxy)|https?_proxy|no_proxy)$/i;

/** npm's answer, or why there is none. */
type Said = { readonly answer: unknown } | { readonly problem: string };

/** Runs npm in the installation's folder and parses its JSON; never rejects. */
export type Npm = (...args: readonly string[]) => Promise<Said>;

/** Time limit for all npm calls of a check, in milliseconds. */
export const npmLimitMs = (stepMs = LIMIT_MS): number => stepMs * SHARE;

/** `limitMs`: for all calls that `ask` makes. */
export async function withNpm<T>(folder: string, limitMs: number, ask: (npm: Npm) => Promise<T>): Promise<T> {
  // npm's own cache could answer in place of an unreachable registry.
  const cache = await mkdtemp(join(tmpdir(), 'fermata-npm-'));
  const signal = AbortSignal.timeout(limitMs);
  try {
    return await ask((...args) => run(folder, [...args, '--cache', cache], signal));
  } finally {
    // npm may write a last file as it exits.
    await rm(cache, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The environment of npm and the programs that it runs: without the desk's secrets. */
export function npmEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(deskEnvironment()).filter(([name]) => OF_NPM.test(name));
  return { ...plainEnvironment(), ...Object.fromEntries(own) };
}

/** The exit code means nothing here: it is 1 if any package is outdated or vulnerable. */
function run(folder: string, args: readonly string[], signal: AbortSignal): Promise<Said> {
  const options = { cwd: folder, env: npmEnvironment(), signal, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    execFile('npm', [...args, ...EACH_TIME], options, (error, stdout) => {
      // No output and no failure: there is nothing to list.
      if (error === null && stdout.trim() === '') return resolve({ answer: {} });
      if (signal.aborted) return resolve({ problem: 'no answer in time' });
      resolve(readAnswer(stdout) ?? { problem: error === null ? 'no answer in JSON' : failureOf(error) });
    });
  });
}

const failureOf = (error: ExecFileException): string =>
  error.code === 'ENOENT' ? 'npm is not on this machine' : messageOf(error);

/** Null: not JSON. */
function readAnswer(stdout: string): Said | null {
  try {
    const answer: unknown = JSON.parse(stdout);
    const { message, error } = (answer ?? {}) as Refusal;
    if (error?.summary === undefined) return { answer };
    // The summary may be empty: then the message says more.
    return { problem: [error.code, error.summary || message].filter(Boolean).join(': ') };
  } catch {
    return null;
  }
}

interface Refusal {
  readonly message?: string;
  readonly error?: { readonly code?: string; readonly summary?: string };
}
