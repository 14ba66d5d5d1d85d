/** One trader per journal. */
import { join } from 'node:path';
import { type FileLock, tryLockFile } from '../../home/file-lock.js';
import { JournalLocked } from './journal-error.js';

/** Throws `JournalLocked` where another process has it. */
export function lockJournal(directory: string): FileLock {
  const lock = tryLockFile(join(directory, 'lock'));
  if (lock === null) throw new JournalLocked(directory);
  return lock;
}
