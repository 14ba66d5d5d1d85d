/** Reads lines from the machine-readable logs of all processes. */
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { homePaths, type Runtime } from '../home/runtime.js';
import { findLogs } from '../supervisor/log/desk-log.js';

const SHOWN_CHARS = 200;

export interface LogLine {
  readonly time?: string;
  readonly role?: string;
  readonly level?: string;
  readonly message?: string;
}

interface LinesFound {
  readonly folder: string;
  /** Null: there is no log at all. */
  readonly lines: readonly LogLine[] | null;
  /** Roles that run without a supervisor and whose log is missing. */
  readonly missing: readonly string[];
}

/** The lines since then (wall time) for which `wanted` is true, newest first, rotated logs included. */
export async function findLines(
  { home }: Pick<Runtime, 'home'>,
  sinceMs: number,
  wanted: (line: LogLine) => boolean,
): Promise<LinesFound> {
  const folder = homePaths(home).logs;
  const { names, missing } = findLogs(folder, 'jsonl');
  if (names.length === 0) return { folder, lines: null, missing };
  const found: LogLine[] = [];
  for (const name of names)
    for await (const line of linesSince(join(folder, `${name}.jsonl`), sinceMs))
      if (wanted(line)) found.push(line);
  return { folder, missing, lines: found.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? '')) };
}

/** Quotes the newest `count` lines, joined. */
export const quoted = (lines: readonly LogLine[], count: number): string =>
  lines
    .slice(0, count)
    .map(({ role, message }) => `${role}: ${message}`.slice(0, SHOWN_CHARS))
    .join(' | ');

/** Newest first, back to `sinceMs`. */
async function* linesSince(file: string, sinceMs: number): AsyncGenerator<LogLine> {
  const isSince = timeSince(sinceMs);
  for await (const text of readLogBackwards(file)) {
    const line = parse(text);
    if (line === null) continue;
    const found = isSince(Date.parse(line.time ?? ''));
    if (found === null) return;
    if (found) yield line;
  }
}

/** Far more than a desk writes before its machine's clock is set right. */
const OLDER_MAX = 1_000;

/**
 * Of lines from the newest on: whether one is since then. Null: nor is any before it. A machine that starts with its clock
 * behind dates some lines too early, and what it wrote before that start comes after them.
 */
export function timeSince(sinceMs: number): (timeMs: number) => boolean | null {
  let older = 0;
  return (timeMs) => {
    older = timeMs < sinceMs ? older + 1 : 0;
    return older === 0 ? true : older > OLDER_MAX ? null : false;
  };
}

function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}

const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Lines of a text file, last one first, in bounded memory: a line longer than a block comes in pieces. */
export async function* readLinesBackwards(path: string): AsyncGenerator<string> {
  const file = await open(path, 'r');
  try {
    let end = (await file.stat()).size;
    let rest: Buffer = Buffer.alloc(0);
    while (end > 0) {
      const length = Math.min(BLOCK_BYTES, end);
      const block = Buffer.alloc(length);
      await file.read(block, 0, length, end - length);
      end -= length;
      const bytes = Buffer.concat([block, rest]);
      let upTo = bytes.length;
      for (
        let at = bytes.lastIndexOf(NEWLINE);
        at >= 0;
        at = at > 0 ? bytes.lastIndexOf(NEWLINE, at - 1) : -1
      ) {
        if (at + 1 < upTo) yield bytes.toString('utf8', at + 1, upTo);
        upTo = at;
      }
      rest = bytes.subarray(0, upTo);
      if (rest.length > BLOCK_BYTES) {
        yield rest.toString('utf8');
        rest = Buffer.alloc(0);
      }
    }
    if (rest.length > 0) yield rest.toString('utf8');
  } finally {
    await file.close();
  }
}

/** The same for a log and its rotated files (`.1`, `.2` …): a log may have been rotated a moment ago. */
export async function* readLogBackwards(path: string): AsyncGenerator<string> {
  if (existsSync(path)) yield* readLinesBackwards(path);
  for (let number = 1; existsSync(`${path}.${number}`); number += 1)
    yield* readLinesBackwards(`${path}.${number}`);
}
