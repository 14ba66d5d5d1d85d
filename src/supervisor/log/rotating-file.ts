/** Log files that don't grow for ever: by size, or one per day of the desk. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DAY_MS } from '../../domain/civil-date.js';
import type { DateOf } from '../../domain/zone-offset.js';

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
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const WAITING_MAX = 5_000;
const PAUSE_MS = 200;

/**
 * A rotating file that is written asynchronously: a slow disk must not delay a trader's response to a stop.
 * The queue is bounded; further lines are dropped, and a line says so.
 */
export class LaterFile implements RotatingFile {
  #waiting: string[] = [];
  #dropped = 0;
  #scheduled = false;

  constructor(
    private readonly path: string,
    private readonly makeRoom: MakeRoom,
  ) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  }

  write(line: string): void {
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(line);
    else this.#dropped += 1;
    this.#schedule();
  }

  /** Writes the queue synchronously, for the end of the process. */
  flush(): void {
    try {
      if (this.#waiting.length > 0) appendFileSync(this.path, this.#taken(), { mode: 0o600 });
    } catch {
      // A full disk must not end the process that logs.
    }
  }

  #taken(): string {
    const dropped = `${this.#dropped} lines were dropped: the disk is too slow`;
    const lines = this.#dropped === 0 ? this.#waiting : [...this.#waiting, dropped];
    this.#waiting = [];
    this.#dropped = 0;
    return lines.map((line) => `${line}\n`).join('');
  }

  async #append(): Promise<void> {
    const text = this.#taken();
    roomFor(text, this.makeRoom);
    try {
      await appendFile(this.path, text, { mode: 0o600 });
    } catch {
      // A full disk must not end the process that logs.
    }
    this.#scheduled = false;
    if (this.#waiting.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => void this.#append(), PAUSE_MS).unref();
  }
}

// One file per day of the desk: `trading.log`, and `trading.log.2026-01-05` once that day is over (with `.1`, `.2` …
// appended if the day filled more than one file). Several processes may write to the same file.

const DAYS_KEPT = 30;
const FILE_BYTES_MAX = 10 * 1024 * 1024;
/** Limit for all rotated files together: a log must not fill the journal's disk. */
const MOVED_BYTES_MAX = 20 * FILE_BYTES_MAX;
const TIME_LENGTH = '2026-01-01T00:00:00.000Z'.length;

export function byDate(path: string, dateOf: DateOf, nowMs: () => number = Date.now): MakeRoom {
  let looked = '';
  return (bytes) => {
    const today = dateOf(nowMs());
    if (today === looked && sizeOf(path) + bytes <= FILE_BYTES_MAX) return;
    moveAway(path, dateOf, today, bytes);
    looked = today;
  };
}

interface MovedFile {
  readonly path: string;
  readonly date: string;
}

/** The rotated files, newest first. */
export function movedByDate(path: string): readonly MovedFile[] {
  const ofThis = new RegExp(
    `^${basename(path).replaceAll('.', '\\.')}\\.(\\d{4}-\\d\\d-\\d\\d)(?:\\.(\\d+))?$`,
  );
  return namesIn(dirname(path))
    .flatMap((name) => {
      const [, date, part = '0'] = ofThis.exec(name) ?? [];
      return date === undefined ? [] : [{ path: join(dirname(path), name), date, part: Number(part) }];
    })
    .sort((left, right) => right.date.localeCompare(left.date) || right.part - left.part);
}

/** Never overwrites an existing file: another process may have rotated the same one a moment ago. */
function moveAway(path: string, dateOf: DateOf, today: string, bytes: number): void {
  for (let part = 0; ; part += 1) {
    const date = dateIn(path, dateOf);
    if (date === null || (date >= today && sizeOf(path) + bytes <= FILE_BYTES_MAX)) return;
    try {
      linkSync(path, part === 0 ? `${path}.${date}` : `${path}.${date}.${part}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    unlinkSync(path);
    prune(path, today);
    return;
  }
}

/** Date of the file's first line; null if there is none. */
function dateIn(path: string, dateOf: DateOf): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.size === 0) return null;
  const begin = beginOf(path);
  return dateOf(/^\d{4}-\d\d-\d\dT\S+Z$/.test(begin) ? Date.parse(begin) : found.mtimeMs);
}

function beginOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(TIME_LENGTH);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, TIME_LENGTH, 0));
  } finally {
    closeSync(file);
  }
}

function prune(path: string, today: string): void {
  const oldest = new Date(Date.parse(today) - DAYS_KEPT * DAY_MS).toISOString().slice(0, 10);
  let kept = 0;
  for (const moved of movedByDate(path)) {
    kept += sizeOf(moved.path);
    if (moved.date < oldest || kept > MOVED_BYTES_MAX) rmSync(moved.path, { force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
