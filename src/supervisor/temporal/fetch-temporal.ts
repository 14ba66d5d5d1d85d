/**
 * The pinned version of `temporal`: downloaded, or built with Go, into the user's own cache. Nothing is unpacked
 * before its checksum is verified.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { plainEnvironment, userCache } from '../../desk/desk-environment.js';
import { tryLockFile } from '../../home/file-lock.js';
import type { OnProgress } from '../up-options.js';
import { TEMPORAL_CLI_VERSION } from './server-options.js';

const run = promisify(execFile);
const CONNECT_TIMEOUT_MS = 8_000;
/** A download without progress for this long is abandoned. */
const STALL_TIMEOUT_MS = 20_000;
const ARCHIVE_BYTES_MAX = 400 * 1024 * 1024;
const CHECKSUMS = fileURLToPath(new URL('../../../temporal/checksums.json', import.meta.url));

interface Checksums {
  readonly version: string;
  readonly sha256: Readonly<Record<string, string>>;
}

type Download = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string };

/** Never throws for failures of the network or the archive: the caller then tries the next source. */
export async function downloadTemporal(
  env: NodeJS.ProcessEnv,
  onProgress: OnProgress,
  signal?: AbortSignal,
  pinned?: Checksums,
): Promise<Download> {
  const checksums = pinned ?? (JSON.parse(await readFile(CHECKSUMS, 'utf8')) as Checksums);
  const platform = platformName();
  const expected = checksums.sha256[platform];
  if (!expected) return { ok: false, why: `there is no release for ${platform}` };
  const { version } = checksums;
  const name = `temporal_cli_${version}_${platform}.tar.gz`;
  const base =
    env.FERMATA_TEMPORAL_DOWNLOAD || `https://github.com/temporalio/cli/releases/download/v${version}`;
  const scratch = join(cacheDirectory(env), `download-${randomUUID().slice(0, 8)}`);
  await mkdir(scratch, { recursive: true });
  try {
    const archive = join(scratch, name);
    const found = await fetchTo(`${base.replace(/\/$/, '')}/${name}`, archive, onProgress, signal);
    if (found !== expected) {
      return {
        ok: false,
        why: `the archive from ${new URL(base).host} has another checksum than the one pinned here (${found} instead of ${expected}) and was thrown away`,
      };
    }
    await run('tar', ['-xzf', archive, '-C', scratch, 'temporal'], { timeout: 120_000 });
    await chmod(join(scratch, 'temporal'), 0o755);
    await rename(join(scratch, 'temporal'), cachedBinary(env));
    return { ok: true, path: cachedBinary(env) };
  } catch (error) {
    return { ok: false, why: `${name} could not be fetched (${reasonOf(error)})` };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function platformName(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  return `${process.platform}_${arch}`;
}

/** Returns the SHA-256 of what was written. */
async function fetchTo(
  url: string,
  path: string,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<string> {
  const stalled = new AbortController();
  const stall = (): void => stalled.abort(new Error('the server went silent'));
  const end = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
  let timer = setTimeout(stall, CONNECT_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: end, redirect: 'follow' });
    if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
    const total = Number(response.headers.get('content-length') ?? 0);
    const hash = createHash('sha256');
    let done = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        clearTimeout(timer);
        timer = setTimeout(stall, STALL_TIMEOUT_MS);
        done += chunk.length;
        if (done > ARCHIVE_BYTES_MAX) return next(new Error('the archive is larger than any release'));
        hash.update(chunk);
        onProgress({ kind: 'bar', text: 'Downloading Temporal', done, total: Math.max(total, done) });
        next(null, chunk);
      },
    });
    await pipeline(
      Readable.fromWeb(response.body as never),
      meter,
      createWriteStream(path, { mode: 0o600 }),
      {
        signal: stalled.signal,
      },
    );
    return hash.digest('hex');
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${cause}`;
}

const GO_MINIMUM = [1, 25] as const;
/** `go install -v` prints one line per package: the total of the progress bar. */
const PACKAGES = 993;
const BUILD_TIMEOUT_MS = 25 * 60_000;

type Build = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string };

/** Builds the pinned version with the Go tool chain: two to three minutes, once per user. */
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

const MIB = 1024 * 1024;
/** What the largest packages need without collecting garbage. With less they would collect constantly. */
const COMPILER_MEMORY_MIB = 512;

/**
 * Go runs one compiler process per package, hundreds of them, and each ends before its garbage matters.
 * Collecting it, and debug data that the linker discards, take a fifth of the time. One compiler runs per
 * core, all in a quarter of the memory.
 */
const compilerMemory = (): NodeJS.ProcessEnv =>
  totalmem() / 4 / availableParallelism() < COMPILER_MEMORY_MIB * MIB
    ? {}
    : { GOGC: 'off', GOMEMLIMIT: `${COMPILER_MEMORY_MIB}MiB` };

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
      '-gcflags=all=-dwarf=false',
      `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`,
    ],
    {
      env: { ...compilerMemory(), ...goEnvironment(env), CGO_ENABLED: '0', GOBIN: target },
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

/** Longer than any build on a slow machine. */
const LOCK_WAIT_MS = 30 * 60_000;
const LOCK_POLL_MS = 250;

/** The user's own cache of the pinned `temporal` program, shared by every desk and every clone. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(userCache(env), `${CACHE_PREFIX}${TEMPORAL_CLI_VERSION}`);
}

const CACHE_PREFIX = 'temporal-cli-';

export function cachedBinary(env: NodeJS.ProcessEnv): string {
  return join(cacheDirectory(env), 'temporal');
}

/** The pinned program first, then those that earlier builds have pinned. */
export async function cachedBinaries(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const folders = await readdir(userCache(env)).catch(() => []);
  const earlier = folders
    .filter((name) => name.startsWith(CACHE_PREFIX))
    .map((name) => join(userCache(env), name));
  const paths = [cacheDirectory(env), ...earlier].map((folder) => join(folder, 'temporal'));
  return [...new Set(paths)].filter((path) => existsSync(path));
}

/**
 * Runs `work` for one start at a time on this machine, so two of them don't fetch or build twice. A start
 * that had to wait finds the other's result and doesn't run `work` (null).
 */
export async function withCacheLock<T>(
  env: NodeJS.ProcessEnv,
  onWait: () => void,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T | null> {
  const directory = cacheDirectory(env);
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'lock');
  const deadline = Date.now() + LOCK_WAIT_MS;
  let lock = tryLockFile(path);
  const waited = lock === null;
  if (waited) onWait();
  while (lock === null) {
    if (Date.now() > deadline) throw new Error(`another start has held ${path} for 30 minutes`);
    await sleep(LOCK_POLL_MS, undefined, signal ? { signal } : {});
    lock = tryLockFile(path);
  }
  try {
    if (waited && existsSync(cachedBinary(env))) return null;
    await removeLeftOvers(directory);
    return await work();
  } finally {
    lock.release();
  }
}

/** Left by starts that were killed: nobody else fetches or builds while we hold the lock. */
async function removeLeftOvers(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^(?:download|build)-/.test(name));
  await Promise.all(names.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}
