/** Whether it is certain that nothing of a FERMATA_HOME runs, is being started, or is being started again. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { tryLockFile } from '../home/file-lock.js';
import { readJson } from '../home/read-json.js';
import { homePaths } from '../home/runtime.js';
import { roleLock, SHARED_ROLES } from '../home/shared-process.js';
import { writeJson } from '../home/write-json.js';
import { leftChildren } from './children-file.js';
import { startTimeOf } from './process-table.js';

/**
 * True only where it is certain; a doubt counts as running. Roles that nobody supervises (containers) leave neither of
 * the two traces of an end: the folder of the sockets is gone after an end in order, the list of the children is left
 * by a supervisor that was killed.
 */
export async function hasEnded(home: string): Promise<boolean> {
  const { run, sockets } = homePaths(home);
  const children = join(run, 'children.json');
  if (!existsSync(run) || (existsSync(sockets) && !existsSync(children))) return false;
  if (await isStartedAgain(home)) return false;
  // Held from before a start does anything until after its end has done everything.
  const lock = lockOf(join(run, 'lock'));
  if (lock === null) return false;
  try {
    return (await leftChildren(children)).length === 0 && SHARED_ROLES.every((role) => isFree(home, role));
  } finally {
    lock.release();
  }
}

/** Whether no process of another desk runs the role, or is at its end with it. */
function isFree(home: string, role: string): boolean {
  const lock = lockOf(roleLock(home, role));
  lock?.release();
  return lock !== null;
}

/** Null also where the system has no such locks. */
function lockOf(path: string): ReturnType<typeof tryLockFile> {
  try {
    return tryLockFile(path);
  } catch {
    return null;
  }
}

interface Starter {
  readonly pid: number;
  readonly startTime: string;
}

const starterFile = (home: string): string => join(homePaths(home).run, 'starter.json');

/**
 * Between an end and the start after it nothing of the desk runs, and yet it trades a moment later: a stop that is given then
 * is tried until that start takes it. `pid`: who makes that start.
 */
export async function markStarter(home: string, pid: number): Promise<void> {
  const startTime = await startTimeOf(pid);
  if (startTime === null) return;
  try {
    writeJson(starterFile(home), { pid, startTime } satisfies Starter);
  } catch {
    // On a full disk the start matters more.
  }
}

/** By the start itself, once it holds the home. */
export function forgetStarter(home: string): void {
  rmSync(starterFile(home), { force: true });
}

/** Who is about to start it again, as far as that can be read; null: nobody. */
export async function starterOf(home: string): Promise<number | null> {
  const starter = readJson<Starter>(starterFile(home));
  return starter !== null && (await startTimeOf(starter.pid)) === starter.startTime ? starter.pid : null;
}

async function isStartedAgain(home: string): Promise<boolean> {
  return starterOf(home).then(
    (pid) => pid !== null,
    () => true,
  );
}
