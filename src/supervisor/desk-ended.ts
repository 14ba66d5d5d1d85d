/** Whether it is certain that nothing of a FERMATA_HOME runs, is being started, or is being started again. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../home/file-lock.js';
import { homePaths } from '../home/runtime.js';
import { leftChildren } from './children-file.js';

/**
 * True only where it is certain; a doubt counts as running. Roles that nobody supervises (containers) leave neither of
 * the two traces of an end: the folder of the sockets is gone after an end in order, the list of the children is left
 * by a supervisor that was killed.
 */
export async function hasEnded(home: string): Promise<boolean> {
  const { run, sockets } = homePaths(home);
  const children = join(run, 'children.json');
  if (!existsSync(run) || (existsSync(sockets) && !existsSync(children))) return false;
  // Held from before a start does anything until after its end has done everything.
  const lock = lockOf(join(run, 'lock'));
  if (lock === null) return false;
  try {
    return (await leftChildren(children)).length === 0;
  } finally {
    lock.release();
  }
}

/** Null also where the system has no such locks. */
function lockOf(path: string): ReturnType<typeof tryLockFile> {
  try {
    return tryLockFile(path);
  } catch {
    return null;
  }
}
