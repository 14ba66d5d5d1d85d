/** The records of an action that is done once: one file for its start, and one for its result. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Begun, DoneOnce, Ended } from './protocol.js';

const BEGUN = '.begun';
const ENDED = '.ended';

/** `name`: identifies the action within that folder. */
export function filesOf(folder: string, name: string): Pick<DoneOnce, 'begunFile' | 'endedFile'> {
  return { begunFile: join(folder, `${name}${BEGUN}`), endedFile: join(folder, `${name}${ENDED}`) };
}

/** Names of all actions begun there; none if the folder is missing. */
export function namesBegun(folder: string): readonly string[] {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.filter((file) => file.endsWith(BEGUN)).map((file) => file.slice(0, -BEGUN.length));
}

/** Null if it doesn't exist, or is incomplete. */
export function readKept<T extends Begun | Ended>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null;
  }
}
