/** Builds the pinned version with the Go tool chain: two to three minutes, once per user. */

import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { plainEnvironment } from '../../home/plain-environment.js';
import type { OnProgress } from '../progress.js';
import { cacheDirectory, cachedBinary } from './cache.js';
import { TEMPORAL_CLI_VERSION } from './server-options.js';

const run = promisify(execFile);
const GO_MINIMUM = [1, 25] as const;
/** `go install -v` prints one line per package: the total of the progress bar. */
const PACKAGES = 993;
const BUILD_TIMEOUT_MS = 25 * 60_000;

export type Build =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly why: string };

export async function buildTemporal(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<Build> {
  const missing = await whyNoGo(env);
  if (missing !== null) return { ok: false, why: missing };
  const scratch = join(cacheDirectory(env), `build-${randomUUID().slice(0, 8)}`);
  await mkdir(scratch, { recursive: true });
  try {
    const problem = await goInstall(env, scratch, onProgress, signal);
    if (problem !== null) return { ok: false, why: `go install failed: ${problem}` };
    await rename(join(scratch, 'temporal'), cachedBinary(env));
    return { ok: true, path: cachedBinary(env) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function whyNoGo(env: NodeJS.ProcessEnv): Promise<string | null> {
  const needed = `${GO_MINIMUM[0]}.${GO_MINIMUM[1]}`;
  try {
    const { stdout } = await run('go', ['version'], { timeout: 10_000, env });
    const found = /go(\d+)\.(\d+)/.exec(stdout);
    const [major, minor] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
    if (major > GO_MINIMUM[0] || (major === GO_MINIMUM[0] && minor >= GO_MINIMUM[1])) return null;
    return `Go ${needed} or newer is needed to build it, found ${major}.${minor}`;
  } catch {
    return `Go ${needed} or newer, which could build it, is not installed`;
  }
}

/** Go's own settings and the proxies for its downloads; the other variables include secrets. */
const OF_GO = /^(GO[A-Z0-9_]*|XDG_(CACHE|CONFIG)_HOME|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy)$/;

const goEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...plainEnvironment(env),
  ...Object.fromEntries(Object.entries(env).filter(([name]) => OF_GO.test(name))),
});

/** Null when built; otherwise the last lines of the tool's output. */
function goInstall(
  env: NodeJS.ProcessEnv,
  target: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const child = spawn(
    'go',
    [
      'install',
      '-v',
      '-trimpath',
      '-ldflags=-s -w',
      `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`,
    ],
    {
      env: { ...goEnvironment(env), CGO_ENABLED: '0', GOBIN: target },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(signal ? { signal } : {}),
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), BUILD_TIMEOUT_MS);
  const last: string[] = [];
  let done = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    if (last.length > 5) last.shift();
    if (line.startsWith('go: ')) return;
    done = Math.min(done + 1, PACKAGES - 1);
    onProgress({ kind: 'bar', text: 'Building Temporal (once, 2 to 3 minutes)', done, total: PACKAGES });
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code) => {
      clearTimeout(timer);
      if (code === 0) {
        onProgress({ kind: 'bar', text: 'Temporal is built', done: PACKAGES, total: PACKAGES });
      }
      resolve(code === 0 ? null : last.join(' | '));
    });
  });
}
