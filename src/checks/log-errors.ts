import { join } from 'node:path';
import { numberOf } from '../desk/step-parameters.js';
import { homePaths } from '../home/runtime.js';
import type { Check } from './check.js';
import { readLogBackwards } from './read-lines-backwards.js';

const HOURS_DEFAULT = 24;
const ERRORS_MAX_DEFAULT = 0;
const HOUR_MS = 3_600_000;
const LOG_FILE = 'fermata.jsonl';
const SHOWN_CHARS = 200;

interface LogLine {
  readonly time?: string;
  readonly role?: string;
  readonly level?: string;
  readonly message?: string;
}

/** Errors in the log of all processes, counted by process; the newest one is quoted. */
export const logErrors: Check = async ({ runtime }, parameters) => {
  const hours = numberOf(parameters, 'hours', HOURS_DEFAULT);
  const errorsMax = numberOf(parameters, 'errorsMax', ERRORS_MAX_DEFAULT);
  const expected = `at most ${errorsMax} errors in the log of the last ${hours} hours`;
  const sinceMs = Date.now() - hours * HOUR_MS;
  const counts = new Map<string, number>();
  let newest: string | null = null;
  for await (const line of linesSince(homePaths(runtime.home).logs, sinceMs)) {
    if (line.level !== 'error') continue;
    newest ??= `${line.role}: ${line.message}`;
    counts.set(line.role ?? '?', (counts.get(line.role ?? '?') ?? 0) + 1);
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (newest === null) return { verdict: 'pass', observed: 'no errors', expected };
  const byRole = [...counts].map(([role, count]) => `${role} ${count}`).join(', ');
  const observed = `${total} errors (${byRole}); the newest: ${newest.slice(0, SHOWN_CHARS)}`;
  return { verdict: total <= errorsMax ? 'pass' : 'fail', observed, expected };
};

/** Newest first, until a line is older. */
async function* linesSince(folder: string, sinceMs: number): AsyncGenerator<LogLine> {
  for await (const text of readLogBackwards(join(folder, LOG_FILE))) {
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
