/** The user's own cache of the pinned `temporal` program: shared by every desk and every clone. */
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, startTimeOf } from '../process-table.js';
import { TEMPORAL_CLI_VERSION } from './server-options.js';

/** Longer than any build on a slow machine. */
const LOCK_WAIT_MS = 30 * 60_000;
const LOCK_POLL_MS = 250;

export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(
    env.XDG_CACHE_HOME || join(homedir(), '.cache'),
    'fermata',
    `temporal-cli-${TEMPORAL_CLI_VERSION}`,
  );
}

export function cachedBinary(env: NodeJS.ProcessEnv): string {
  return join(cacheDirectory(env), 'temporal');
}

/**
 * Runs `work` alone among all starts on this machine, so that two of them don't fetch or build twice. The one that
 * waited finds the result of the other and doesn't work at all (null).
 */
export async function withCacheLock<T>(
  env: NodeJS.ProcessEnv,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T | null> {
  const directory = cacheDirectory(env);
  await mkdir(directory, { recursive: true });
  const lock = join(directory, 'lock');
  const deadline = Date.now() + LOCK_WAIT_MS;
  let waited = false;
  while (!(await take(lock))) {
    if (!waited) onWait();
    waited = true;
    if (Date.now() > deadline) {
      throw new Error(`Another start has held ${lock} for 30 minutes. If none is running, remove that file.`);
    }
    await sleep(LOCK_POLL_MS);
  }
  try {
    if (waited && existsSync(cachedBinary(env))) return null;
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600);
    await file.writeFile(`${process.pid} ${await startTimeOf(process.pid)}`);
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const [pid, startTime] = (await readFile(lock, 'utf8').catch(() => '')).split(/ (.*)/s);
  // Empty: its owner is between the two writes above.
  if (!pid || !startTime) return false;
  if (!isAlive(Number(pid)) || (await startTimeOf(Number(pid))) !== startTime)
    await rm(lock, { force: true });
  return false;
}
