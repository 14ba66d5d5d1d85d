import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const TAIL_BYTES_MAX = 32 * 1024;

/** The newest `count` lines of a text file; none if it can't be read. */
export function readLastLines(path: string, count: number): readonly string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const size = fstatSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES_MAX));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8').trimEnd().split('\n').slice(-count);
  } finally {
    closeSync(file);
  }
}
