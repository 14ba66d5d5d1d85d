// One build of a checkout at a time: the next one waits, and then finds most of the work done. Works like
// src/home/file-lock.ts, which is not built yet: the kernel holds the lock for every process that has the
// file open, until the last of them closes it.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** BSD open(2) flags of macOS: read-write, create, exclusive lock; and one not to wait for it. */
const DARWIN_LOCKED = 0x0002 | 0x0200 | 0x0020;
const DARWIN_AT_ONCE = 0x0004;
const WAITING = 'another build of this checkout is under way: waiting for it';

/**
 * Returns the open file: a program that inherits it holds the lock as well. `say` is called if another build is
 * running.
 */
export function waitForBuildLock(path, say) {
  if (process.platform === 'darwin') return openDarwin(path, say);
  const file = openSync(path, 'a', 0o644);
  const lock = (...options) =>
    spawnSync('flock', [...options, '-x', '3'], { stdio: ['ignore', 'ignore', 'inherit', file] });
  const tried = lock('-n');
  if (tried.status === 1) say(WAITING);
  const { status, error } = tried.status === 1 ? lock() : tried;
  if (status === 0) return file;
  closeSync(file);
  throw new Error(
    `${path} could not be locked: ${error?.message ?? `flock ended with ${status}`}. Nothing was built. ` +
      'Install the flock program (package util-linux).',
  );
}

function openDarwin(path, say) {
  try {
    return openSync(path, DARWIN_LOCKED | DARWIN_AT_ONCE, 0o644);
  } catch (error) {
    if (error.code !== 'EAGAIN') throw error;
    say(WAITING);
    return openSync(path, DARWIN_LOCKED, 0o644);
  }
}
