/**
 * One file per day of the desk: `trading.log`, and `trading.log.2026-01-05` once that day is over (with `.1`, `.2` …
 * appended if the day filled more than one file). Several processes may write to the same file.
 */
import { closeSync, linkSync, openSync, readdirSync, readSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DAY_MS } from '../../domain/civil-date.js';
import type { DateOf } from '../../trader/zone-offset.js';
import { type MakeRoom, sizeOf } from './rotating-file.js';

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
