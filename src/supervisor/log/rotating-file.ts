import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface RotatingFile {
  write(line: string): void;
}

/** Called before this many bytes are appended: rotates the file if necessary. Throws if it can't. */
export type MakeRoom = (bytes: number) => void;

/**
 * Each line is on its way to the disk when `write` returns, which no rotation library does: the last line
 * before a crash is the one that people look for.
 */
export function openRotatingFile(path: string, makeRoom: MakeRoom): RotatingFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return {
    write: (line) => {
      const text = `${line}\n`;
      roomFor(text, makeRoom);
      try {
        appendFileSync(path, text, { mode: 0o600 });
      } catch {
        // A full disk must not end the process that watches the others.
      }
    },
  };
}

/** If the file can't be rotated, writing continues in it: no line is lost. */
function roomFor(text: string, makeRoom: MakeRoom): void {
  try {
    makeRoom(Buffer.byteLength(text));
  } catch {
    // Retried with the next line.
  }
}

/** Keeps `path` below `bytesMax` by renaming it to `path.1`, `path.2` … `path.<kept>`; the oldest is deleted. */
export function bySize(path: string, bytesMax: number, kept: number): MakeRoom {
  return (bytes) => {
    const size = sizeOf(path);
    if (size > 0 && size + bytes > bytesMax) rotate(path, kept);
  };
}

/** Rotates a file that another program is about to open and hold open. */
export function rotateIfLarge(path: string, bytesMax: number, kept: number): void {
  if (sizeOf(path) > bytesMax) rotate(path, kept);
}

/** The files rotated by `bySize`, newest first. */
export function movedBySize(path: string): readonly string[] {
  const found: string[] = [];
  for (let number = 1; existsSync(`${path}.${number}`); number += 1) found.push(`${path}.${number}`);
  return found;
}

/** Throws if it can't. */
function rotate(path: string, kept: number): void {
  rmSync(`${path}.${kept}`, { force: true });
  for (let number = kept - 1; number >= 1; number -= 1) {
    if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
  }
  renameSync(path, `${path}.1`);
}

/** Bytes; 0 if there is no file. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const WAITING_MAX = 5_000;
const PAUSE_MS = 200;

export interface LaterFile extends RotatingFile {
  /** Writes the queue synchronously, for the end of the process. */
  flush(): void;
}

/**
 * A rotating file that is written asynchronously: a slow disk must not delay a trader's response to a stop.
 * The queue is bounded; further lines are dropped, and a line says so.
 */
export function openLaterFile(path: string, makeRoom: MakeRoom): LaterFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let waiting: string[] = [];
  let dropped = 0;
  let scheduled = false;
  const taken = (): string => {
    const lines =
      dropped === 0 ? waiting : [...waiting, `${dropped} lines were dropped: the disk is too slow`];
    waiting = [];
    dropped = 0;
    return lines.map((line) => `${line}\n`).join('');
  };
  const append = async (): Promise<void> => {
    const text = taken();
    roomFor(text, makeRoom);
    try {
      await appendFile(path, text, { mode: 0o600 });
    } catch {
      // A full disk must not end the process that logs.
    }
    scheduled = false;
    if (waiting.length > 0) schedule();
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setTimeout(() => void append(), PAUSE_MS).unref();
  };
  return {
    write: (line) => {
      if (waiting.length < WAITING_MAX) waiting.push(line);
      else dropped += 1;
      schedule();
    },
    flush: () => {
      try {
        if (waiting.length > 0) appendFileSync(path, taken(), { mode: 0o600 });
      } catch {
        // A full disk must not end the process that logs.
      }
    },
  };
}
