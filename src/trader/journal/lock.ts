/** One trader per journal, held by the kernel: it ends with the process, however that ends. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { JournalLocked } from './journal-error.js';

/** BSD open(2) flags of macOS; Node has no names for them. */
const DARWIN_READ_WRITE_CREATE = 0x0002 | 0x0200;
const DARWIN_NONBLOCK_EXLOCK = 0x0004 | 0x0020;

export interface JournalLock {
  release(): void;
}

/** Throws `JournalLocked` where another process has it. */
export function lockJournal(directory: string): JournalLock {
  const path = join(directory, 'lock');
  const file = process.platform === 'darwin' ? openDarwin(path, directory) : openLinux(path, directory);
  let held = true;
  return {
    release: () => {
      if (held) closeSync(file);
      held = false;
    },
  };
}

function openDarwin(path: string, directory: string): number {
  try {
    return openSync(path, DARWIN_READ_WRITE_CREATE | DARWIN_NONBLOCK_EXLOCK, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') throw new JournalLocked(directory);
    throw error;
  }
}

/** Node can't call flock(2). The `flock` program locks our own open file, which it inherits as its descriptor 3. */
function openLinux(path: string, directory: string): number {
  const file = openSync(path, 'a', 0o600);
  const { status, error } = spawnSync('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', file],
  });
  if (status === 0) return file;
  closeSync(file);
  if (status === 1) throw new JournalLocked(directory);
  throw new Error(
    `the journal could not be locked: ${error?.message ?? `flock ended with ${status}`}. Nothing was changed. ` +
      'Install the flock program (package util-linux).',
  );
}
