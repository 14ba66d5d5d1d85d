import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface RotatingFile {
  write(line: string): void;
}

/** Keeps `path` below `bytesMax` by moving it to `path.1`, `path.2` … `path.<kept>`; the oldest is dropped. */
export function openRotatingFile(path: string, bytesMax: number, kept: number): RotatingFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let size = sizeOf(path);
  return {
    write: (line) => {
      const bytes = Buffer.byteLength(line) + 1;
      try {
        if (size + bytes > bytesMax) {
          rotate(path, kept);
          size = 0;
        }
        appendFileSync(path, `${line}\n`, { mode: 0o600 });
        size += bytes;
      } catch {
        // A full disk must not end the one process that watches the others.
      }
    },
  };
}

/** Moves what is there out of the way, for a file that another program keeps open from its start. */
export function rotateIfLarge(path: string, bytesMax: number, kept: number): void {
  if (sizeOf(path) > bytesMax) rotate(path, kept);
}

/** Throws where it can't. */
export function rotate(path: string, kept: number): void {
  rmSync(`${path}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 1; number -= 1) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  renameSync(path, `${path}.1`);
}

export function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
