/** The user's own cache of the pinned `temporal` program, shared by every desk and every clone. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userCache } from '../../desk/user-cache.js';
import { tryLockFile } from '../../home/file-lock.js';
import { TEMPORAL_CLI_VERSION } from './server-options.js';

/** Longer than any build on a slow machine. */
const LOCK_WAIT_MS = 30 * 60_000;
const LOCK_POLL_MS = 250;

export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(userCache(env), `temporal-cli-${TEMPORAL_CLI_VERSION}`);
}

export function cachedBinary(env: NodeJS.ProcessEnv): string {
  return join(cacheDirectory(env), 'temporal');
}

/**
 * Runs `work` for one start at a time on this machine, so that two of them don't fetch or build twice. A start that had
 * to wait finds the other's result and doesn't run `work` (null).
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
    return waited && existsSync(cachedBinary(env)) ? null : await work();
  } finally {
    lock.release();
  }
}
