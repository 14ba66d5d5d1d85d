/** The lines of the logs of all processes, as programs read them. */
import { join } from 'node:path';
import { HOUR_MS } from '../domain/civil-date.js';
import { homePaths, type Runtime } from '../home/runtime.js';
import { findLogs } from '../supervisor/log/log-files.js';
import { readLogBackwards } from './read-lines-backwards.js';

const SHOWN_CHARS = 200;

export interface LogLine {
  readonly time?: string;
  readonly role?: string;
  readonly level?: string;
  readonly message?: string;
}

export interface LinesFound {
  readonly folder: string;
  /** Null: there is no log at all. */
  readonly lines: readonly LogLine[] | null;
  /** Roles that run alone and whose log is not there. */
  readonly missing: readonly string[];
}

/** Those of the last `hours` by wall time that `wanted` takes, the newest first, over what was moved away too. */
export async function findLines(
  { home }: Pick<Runtime, 'home'>,
  hours: number,
  wanted: (line: LogLine) => boolean,
): Promise<LinesFound> {
  const sinceMs = Date.now() - hours * HOUR_MS;
  const folder = homePaths(home).logs;
  const { names, missing } = findLogs(folder, 'jsonl');
  if (names.length === 0) return { folder, lines: null, missing };
  const found: LogLine[] = [];
  for (const name of names)
    for await (const line of linesSince(join(folder, `${name}.jsonl`), sinceMs))
      if (wanted(line)) found.push(line);
  return { folder, missing, lines: found.toSorted((a, b) => (b.time ?? '').localeCompare(a.time ?? '')) };
}

/** Of the newest, as many as `count`, one after the other. */
export const quoted = (lines: readonly LogLine[], count: number): string =>
  lines
    .slice(0, count)
    .map(({ role, message }) => `${role}: ${message}`.slice(0, SHOWN_CHARS))
    .join(' | ');

/** Newest first, until a line is older. */
async function* linesSince(file: string, sinceMs: number): AsyncGenerator<LogLine> {
  for await (const text of readLogBackwards(file)) {
    const line = parse(text);
    if (line === null) continue;
    if (Date.parse(line.time ?? '') < sinceMs) return;
    yield line;
  }
}

function parse(text: string): LogLine | null {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return null;
  }
}
