/** Lines of readable logs, from one file or merged by time from several: existing lines, and new ones. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findLogs, LOG_KINDS, type LogKind, type LogLevel } from './desk-log.js';
import { movedByDate, movedBySize } from './rotating-file.js';

const TIME_LENGTH = '2026-01-01T00:00:00.000Z'.length;
const READ_BYTES = 64 * 1024;
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const LINE = /^(?<time>\S+Z) (?<role>\S+) +(?<level>debug|info|warn|error) +(?<rest>.*)$/s;
const TRADING_REST = /^(?<kind>\S+) +(?<setup>\S+) +(?<message>.*)$/s;

export type IsWanted = (line: string) => boolean;

export interface LogLine {
  readonly time: string;
  readonly role: string;
  readonly level: LogLevel;
  /** Null if the line has none, like every line of the complete log. */
  readonly kind: LogKind | null;
  readonly setup: string | null;
  readonly message: string;
}

/** Null if the line is not in our format. */
export function processLine(line: string): LogLine | null {
  const { time = '', role = '', level, rest = '' } = LINE.exec(line)?.groups ?? {};
  const known = LEVELS.find((name) => name === level);
  return known === undefined ? null : { time, role, level: known, kind: null, setup: null, message: rest };
}

/** A line of the trading log or the error log, which has additional fields before the message. */
export function tradingLine(line: string): LogLine | null {
  const written = processLine(line);
  const { kind, setup, message = '' } = TRADING_REST.exec(written?.message ?? '')?.groups ?? {};
  if (written === null || setup === undefined) return null;
  return {
    ...written,
    kind: LOG_KINDS.find((name) => name === kind) ?? null,
    setup: setup === '-' ? null : setup,
    message,
  };
}

export function levelOfLine(line: string): LogLevel | null {
  return processLine(line)?.level ?? null;
}

export function isAtLeast(level: LogLevel): IsWanted {
  const wanted = LEVELS.slice(LEVELS.indexOf(level));
  return (line) => {
    const found = levelOfLine(line);
    return found !== null && wanted.includes(found);
  };
}

export interface LogSource {
  /** The files that are written to now. */
  paths(): readonly string[];
  /** The rotated files of one of them, newest first. */
  movedFrom(path: string): readonly string[];
}

/** The complete log, or those of roles without a supervisor. */
export const processLogs = (folder: string): LogSource => ({
  paths: () => findLogs(folder, 'log').names.map((name) => join(folder, `${name}.log`)),
  movedFrom: movedBySize,
});

/** Reads existing lines, then follows new ones. A rotated file is read to its end first. Holds files until closed. */
export class LogReader {
  readonly #files = new Map<string, Followed>();

  constructor(private readonly source: LogSource) {}

  /** The newest `count` wanted lines, also from `movedMax` rotated files at most; `next` continues there. */
  newest(count: number, isWanted: IsWanted, movedMax = 1): readonly string[] {
    const perFile = this.#followed().map(({ path, file }) => {
      let lines = file.read().filter(isWanted);
      for (const moved of this.source.movedFrom(path).slice(0, movedMax)) {
        if (lines.length >= count) break;
        lines = [...wholeLines(moved).filter(isWanted), ...lines];
      }
      return lines;
    });
    return inOrder(perFile).slice(-count);
  }

  /** Number of wanted lines, also in up to `movedMax` rotated files. Holds one file in memory at a time. */
  count(isWanted: IsWanted, movedMax: number): number {
    const wanted = (lines: readonly string[]): number => lines.filter(isWanted).length;
    return this.#followed().reduce(
      (sum, { path, file }) =>
        this.source
          .movedFrom(path)
          .slice(0, movedMax)
          .reduce((before, moved) => before + wanted(wholeLines(moved)), sum + wanted(file.read())),
      0,
    );
  }

  /** The lines since the last call, in order. */
  next(): readonly string[] {
    return inOrder(this.#followed().map(({ file }) => file.read()));
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }

  #followed(): readonly { readonly path: string; readonly file: Followed }[] {
    return this.source.paths().map((path) => {
      const file = this.#files.get(path) ?? new Followed(path);
      this.#files.set(path, file);
      return { path, file };
    });
  }
}

/** The file may not exist yet, or not again after a rotation: its first line creates it. */
class Followed {
  #file: number | null = null;
  #at = 0;
  /** The beginning of a line whose end is not written yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly path: string) {
    this.#open();
  }

  read(): readonly string[] {
    const moved = this.#wasMoved();
    // Read after the check: nobody writes to a rotated file, so these are its last lines.
    const lines = this.#readOpen();
    if (!moved) return lines;
    this.close();
    this.#open();
    return [...lines, ...this.#readOpen()];
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  #open(): void {
    this.#file = isThere(this.path) ? openSync(this.path, 'r') : null;
    this.#at = 0;
    this.#rest = Buffer.alloc(0);
  }

  #wasMoved(): boolean {
    const now = statSync(this.path, { throwIfNoEntry: false });
    return now !== undefined && (this.#file === null || now.ino !== fstatSync(this.#file).ino);
  }

  #readOpen(): readonly string[] {
    if (this.#file === null) return [];
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

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

function wholeLines(path: string): readonly string[] {
  try {
    const text = readFileSync(path, 'utf8').trimEnd();
    return text === '' ? [] : text.split('\n');
  } catch {
    return [];
  }
}

/** Lines of one log keep their order; those of several (one per role without a supervisor) are merged by time. */
function inOrder(perFile: readonly (readonly string[])[]): readonly string[] {
  const lines = perFile.flat();
  return perFile.filter((of) => of.length > 0).length > 1 ? lines.sort(byTime) : lines;
}

const byTime = (left: string, right: string): number =>
  left.slice(0, TIME_LENGTH).localeCompare(right.slice(0, TIME_LENGTH));

/**
 * The logs with one file per day of the desk, as sources for `LogReader`. `name`: `trading.log` or
 * `errors.log`. `date`: only files that may have lines of this day; left out: all files.
 */
export const datedLog = (folder: string, name: string, date?: string): LogSource => ({
  paths: () => [join(folder, name)],
  movedFrom: (path) => {
    const moved = movedByDate(path);
    if (date === undefined) return moved.map((file) => file.path);
    // A line from a slow process may be in the file of the next day.
    const after = moved.filter((file) => file.date > date).slice(-1);
    return [...after, ...moved.filter((file) => file.date === date)].map((file) => file.path);
  },
});
