/** A lock that the kernel holds for this process: it ends with the process, however that ends. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** BSD open(2) flags of macOS; Node has no names for them: read-write, create, non-blocking, exclusive lock. */
const DARWIN_LOCKED = 0x0002 | 0x0200 | 0x0004 | 0x0020;

export interface FileLock {
  release(): void;
}

/** Null where another process holds it. Throws where the system has no such locks. */
export function tryLockFile(path: string): FileLock | null {
  const file = process.platform === 'darwin' ? openDarwin(path) : openLinux(path);
  if (file === null) return null;
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

/** Node can't call flock(2). The `flock` program locks our own open file, which it inherits as its descriptor 3. */
function openLinux(path: string): number | null {
  const file = openSync(path, 'a', 0o600);
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
