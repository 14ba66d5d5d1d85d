/** A lock that the kernel holds for this process: it ends with the process, however that ends. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * BSD open(2) flags of macOS, for which Node has no names: read-write, create, non-blocking, exclusive lock.
 */
const DARWIN_LOCKED = 0x0002 | 0x0200 | 0x0004 | 0x0020;
/** Polling interval if the system can't wait for a lock, or the waiting program was killed. */
const ASK_AGAIN_MS = 250;
/** Polling interval where each holder has the lock for a moment only. */
const TURN_AGAIN_MS = 10;

export interface FileLock {
  release(): void;
}

/** In this folder, named by a hash: what it locks may be a secret. */
export function lockFileOf(folder: string, kind: string, locked: readonly string[]): string {
  const hash = createHash('sha256').update(locked.join('\n')).digest('hex').slice(0, 16);
  return join(folder, `${kind}-${hash}.lock`);
}

/** Null: another process holds the lock. Throws if the system has no such locks. */
export function tryLockFile(path: string): FileLock | null {
  const file = process.platform === 'darwin' ? openDarwin(path) : openLinux(path);
  return file === null ? null : lockOn(file);
}

/** Keeps the whole process waiting, for so long at most. Null: another process held the lock all the time. */
export function lockFileWithin(path: string, withinMs: number): FileLock | null {
  for (const begunMs = performance.now(); ; ) {
    const lock = tryLockFile(path);
    if (lock !== null || performance.now() - begunMs > withinMs) return lock;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TURN_AGAIN_MS);
  }
}

/** Resolves once this process has the lock; with null, at once, if `stopping` is aborted first. */
export async function waitForLock(path: string, stopping: AbortSignal): Promise<FileLock | null> {
  while (!stopping.aborted) {
    const lock = process.platform === 'darwin' ? tryLockFile(path) : await waitLinux(path, stopping);
    if (lock !== null) return lock;
    await sleep(ASK_AGAIN_MS, undefined, { signal: stopping }).catch(() => undefined);
  }
  return null;
}

function lockOn(file: number): FileLock {
  let held = true;
  return {
    release: () => {
      if (held) closeSync(file);
      held = false;
    },
  };
}

function openDarwin(path: string): number | null {
  try {
    return openSync(path, DARWIN_LOCKED, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return null;
    throw error;
  }
}

/**
 * Node can't call flock(2). The `flock` program locks our own open file, which it inherits as descriptor 3.
 */
function openLinux(path: string): number | null {
  const file = openToLock(path);
  const { status, error } = spawnSync('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', file],
  });
  if (status === 0) return file;
  closeSync(file);
  if (status === 1) return null;
  throw new Error(
    `${path} could not be locked: ${error?.message ?? `flock ended with ${status}`}. Nothing was changed. ` +
      'Install the flock program (package util-linux).',
  );
}

/** On a disk that can only be read, too, a desk must be known to have ended. */
function openToLock(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EROFS') throw error;
    return openSync(path, 'r');
  }
}

/**
 * `flock` waits in its own process group, where Ctrl-C does not reach it. Null: it ended without the lock.
 */
function waitLinux(path: string, stopping: AbortSignal): Promise<FileLock | null> {
  const file = openSync(path, 'a', 0o600);
  const child = spawn('flock', ['-x', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', file],
    detached: true,
    signal: stopping,
  });
  return new Promise((resolve) => {
    child.once('error', () => undefined);
    child.once('close', (code) => {
      if (code === 0 && !stopping.aborted) return resolve(lockOn(file));
      closeSync(file);
      resolve(null);
    });
  });
}
