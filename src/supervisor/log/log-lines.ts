/** Lines of the readable log, of one file or of several by their time: those that are there, and those that come. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LogLevel } from './desk-log.js';
import { findLogs } from './log-files.js';

const TIME_LENGTH = '2026-01-01T00:00:00.000Z'.length;
const READ_BYTES = 64 * 1024;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type IsWanted = (line: string) => boolean;

/** Null: a line that is not ours. */
export function levelOfLine(line: string): LogLevel | null {
  const written = /^\S+Z \S+ +(debug|info|warn|error) /.exec(line)?.[1];
  return LEVELS.find((level) => level === written) ?? null;
}

export function isAtLeast(level: LogLevel): IsWanted {
  const wanted = LEVELS.slice(LEVELS.indexOf(level));
  return (line) => {
    const found = levelOfLine(line);
    return found !== null && wanted.includes(found);
  };
}

/** What is there, then what is written. A file that was moved away at its full size is read to its end first. */
export class LogReader {
  readonly #files = new Map<string, Followed>();

  constructor(private readonly folder: string) {}

  /** The newest `count` that are wanted, also of the file before; `next` goes on behind them. */
  newest(count: number, isWanted: IsWanted): readonly string[] {
    const perFile = this.#followed().map((file) => {
      const lines = file.read().filter(isWanted);
      return lines.length >= count ? lines : [...file.before().filter(isWanted), ...lines];
    });
    return inOrder(perFile).slice(-count);
  }

  /** What came since the last call, in order. */
  next(): readonly string[] {
    return inOrder(this.#followed().map((file) => file.read()));
  }

  #followed(): readonly Followed[] {
    return findLogs(this.folder, 'log').names.map((name) => {
      const file = this.#files.get(name) ?? new Followed(join(this.folder, `${name}.log`));
      this.#files.set(name, file);
      return file;
    });
  }
}

class Followed {
  #file: number;
  #at = 0;
  /** The beginning of a line whose end is not written yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly path: string) {
    this.#file = openSync(path, 'r');
  }

  before(): readonly string[] {
    return wholeLines(`${this.path}.1`);
  }

  read(): readonly string[] {
    const moved = this.#wasMoved();
    // After that question: nobody writes to a file that was moved, so that this is the last of it.
    const lines = this.#readOpen();
    if (!moved) return lines;
    closeSync(this.#file);
    this.#file = openSync(this.path, 'r');
    this.#at = 0;
    this.#rest = Buffer.alloc(0);
    return [...lines, ...this.#readOpen()];
  }

  #wasMoved(): boolean {
    const now = statSync(this.path, { throwIfNoEntry: false });
    return now !== undefined && now.ino !== fstatSync(this.#file).ino;
  }

  #readOpen(): readonly string[] {
    const parts = [this.#rest];
    const buffer = Buffer.alloc(READ_BYTES);
    for (;;) {
      const bytes = readSync(this.#file, buffer, 0, buffer.length, this.#at);
      if (bytes === 0) break;
      this.#at += bytes;
      parts.push(Buffer.from(buffer.subarray(0, bytes)));
    }
    const all = Buffer.concat(parts);
    const end = all.lastIndexOf('\n');
    this.#rest = all.subarray(end + 1);
    return end < 0 ? [] : all.subarray(0, end).toString('utf8').split('\n');
  }
}

function wholeLines(path: string): readonly string[] {
  try {
    const text = readFileSync(path, 'utf8').trimEnd();
    return text === '' ? [] : text.split('\n');
  } catch {
    return [];
  }
}

/** Of one log as they are; of several, each of a role that runs alone, by their time. */
function inOrder(perFile: readonly (readonly string[])[]): readonly string[] {
  const lines = perFile.flat();
  return perFile.filter((of) => of.length > 0).length > 1 ? lines.sort(byTime) : lines;
}

const byTime = (left: string, right: string): number =>
  left.slice(0, TIME_LENGTH).localeCompare(right.slice(0, TIME_LENGTH));
