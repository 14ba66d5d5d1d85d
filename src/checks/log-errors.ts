import { join } from 'node:path';
import { z } from 'zod';
import { homePaths } from '../home/runtime.js';
import { findLogs } from '../supervisor/log/log-files.js';
import { check } from './check.js';
import { readLogBackwards } from './read-lines-backwards.js';

const HOUR_MS = 3_600_000;
const SHOWN_CHARS = 200;

interface LogLine {
  readonly time?: string;
  readonly role?: string;
  readonly level?: string;
  readonly message?: string;
}

/** Errors in the logs of all processes, counted by process; the newest are quoted, as many as `quoted` says. A log that is not there has none to count. */
export const logErrors = check(
  z.strictObject({
    hours: z.number().min(0).default(24),
    errorsMax: z.number().int().min(0).default(0),
    quoted: z.number().int().min(1).max(100).default(1),
  }),
  async ({ runtime }, { hours, errorsMax, quoted }) => {
    const expected = `at most ${errorsMax} errors in the log of the last ${hours} hours`;
    const sinceMs = Date.now() - hours * HOUR_MS;
    const folder = homePaths(runtime.home).logs;
    const { names, missing } = findLogs(folder, 'jsonl');
    if (names.length === 0)
      return { verdict: 'not_run', observed: `there is no log in ${folder}: nothing was counted`, expected };
    const errors: LogLine[] = [];
    for (const name of names)
      for await (const line of linesSince(join(folder, `${name}.jsonl`), sinceMs))
        if (line.level === 'error') errors.push(line);
    const missed = missing.length === 0 ? '' : `; no log of ${missing.join(', ')}`;
    const verdict = errors.length <= errorsMax ? (missed === '' ? 'pass' : 'not_run') : 'fail';
    return { verdict, observed: `${said(errors, quoted)}${missed}`, expected };
  },
);

function said(errors: readonly LogLine[], quoted: number): string {
  const counts = new Map<string, number>();
  for (const { role = '?' } of errors) counts.set(role, (counts.get(role) ?? 0) + 1);
  if (errors.length === 0) return 'no errors';
  const newest = errors
    .toSorted((left, right) => (right.time ?? '').localeCompare(left.time ?? ''))
    .slice(0, quoted)
    .map(({ role, message }) => `${role}: ${message}`.slice(0, SHOWN_CHARS));
  const byRole = [...counts].map(([role, count]) => `${role} ${count}`).join(', ');
  return `${errors.length} errors (${byRole}); the newest: ${newest.join(' | ')}`;
}

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
