import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** The contents of one of our own files. Null: it does not exist. Throws if it can't be read. */
export function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Writes one of our own files so that a reader finds either all of the old contents or all of the new ones,
 * at any moment, even after a power cut.
 */
export function writeJson(file: string, value: object): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/** Whoever may not read a home can't know whether a desk runs there, and must not be told that none does. */
export class HomeOfAnother extends Error {
  override readonly name = 'HomeOfAnother';
  readonly keptSafe = 'nothing was sent or changed; a desk that runs there goes on';
  readonly doThis: string;

  constructor(home: string) {
    super(`the user ${userInfo().username} can’t read ${home}: it belongs to ${ownerOf(home)}`);
    this.doThis =
      'type it as that user, or as root; for a desk of your own, set FERMATA_HOME to another folder';
  }
}

function ownerOf(path: string): string {
  try {
    const { uid } = statSync(path);
    return uid === 0 ? 'root' : `user ${uid}`;
  } catch {
    return 'another user';
  }
}
