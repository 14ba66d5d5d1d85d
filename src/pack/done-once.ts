/** What is kept of an action, which is done once: the file that says that it began, and the one that says how it ended. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Begun, DoneOnce, Ended } from './protocol.js';

const BEGUN = '.begun';
const ENDED = '.ended';

/** `name`: of what is done once, within that folder. */
export function filesOf(folder: string, name: string): Pick<DoneOnce, 'begunFile' | 'endedFile'> {
  return { begunFile: join(folder, `${name}${BEGUN}`), endedFile: join(folder, `${name}${ENDED}`) };
}

/** Of all that was begun there; none where the folder is missing. */
export function namesBegun(folder: string): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith(BEGUN)).map((file) => file.slice(0, -BEGUN.length));
}

/** Null where it is not there, or not yet whole. */
export function readKept<T extends Begun | Ended>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
