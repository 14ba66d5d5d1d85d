import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

export interface RotatingFile {
  write(line: string): void;
}

/** Before so many bytes are added to a file: moves what is there out of the way where it has to be. Throws where it can't. */
export type MakeRoom = (bytes: number) => void;

export function openRotatingFile(path: string, makeRoom: MakeRoom): RotatingFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return {
    write: (line) => {
      const text = `${line}\n`;
      roomFor(text, makeRoom);
      try {
        appendFileSync(path, text, { mode: 0o600 });
      } catch {
        // A full disk must not end the one process that watches the others.
      }
    },
  };
}

/** What can't be moved away is written on: no line is lost for it. */
export function roomFor(text: string, makeRoom: MakeRoom): void {
  try {
    makeRoom(Buffer.byteLength(text));
  } catch {
    // Tried again with the next line.
  }
}

/** Keeps `path` below `bytesMax` by moving it to `path.1`, `path.2` … `path.<kept>`; the oldest is dropped. */
export function bySize(path: string, bytesMax: number, kept: number): MakeRoom {
  return (bytes) => {
    const size = sizeOf(path);
    if (size > 0 && size + bytes > bytesMax) rotate(path, kept);
  };
}

/** Moves what is there out of the way, for a file that another program keeps open from its start. */
export function rotateIfLarge(path: string, bytesMax: number, kept: number): void {
  if (sizeOf(path) > bytesMax) rotate(path, kept);
}

/** What `bySize` moved away, the newest first. */
export function movedBySize(path: string): readonly string[] {
  const found: string[] = [];
  for (let number = 1; existsSync(`${path}.${number}`); number += 1) found.push(`${path}.${number}`);
  return found;
}

/** Throws where it can't. */
function rotate(path: string, kept: number): void {
  rmSync(`${path}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 1; number -= 1) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  renameSync(path, `${path}.1`);
}

/** 0 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
