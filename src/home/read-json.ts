import { readFileSync } from 'node:fs';

/** The contents of one of our own files; null if it does not exist. Throws if it can't be read. */
export function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
