import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DAY_MS } from '../domain/civil-date.js';
import { counted } from '../domain/figure-text.js';
import { isUnusual } from '../domain/statistics.js';
import { homePaths } from '../home/runtime.js';
import { TRADING_LOG } from '../supervisor/log/desk-log.js';
import { datedLog, type LogLine, tradingLine } from '../supervisor/log/log-lines.js';
import { check, lookingBack } from './check.js';
import { readLinesBackwards, timeSince } from './find-log-lines.js';

/** The log's files are kept this long. */
const DAYS_MAX = 30;
const SHOWN_CHARS = 200;
const HOURS_PER_DAY = 24;

const parameters = z.strictObject({
  days: z.number().positive().max(DAYS_MAX).default(1),
  errorsMax: z.number().int().min(0).default(0),
  /**
   * Limit for lines about the venue: halts because of it, its breaker, reconciliations that found something. Absent:
   * any number.
   */
  venueMax: z.number().int().min(0).optional(),
  /** Expected number of setups, judged by the Poisson interval. Absent: any number. */
  setupsPerWeek: z.number().positive().optional(),
  quoted: z.number().int().min(0).max(100).default(20),
});

/**
 * Summarises the trading log of the last days, over all of its files: setups, orders, errors, warnings, and the venue's
 * connection.
 */
export const tradingLog = check(
  'Setups, orders and errors in the trading log',
  parameters,
  async (context, { days, errorsMax, venueMax, setupsPerWeek, quoted }) => {
    const { sinceMs } = lookingBack(context, days * HOURS_PER_DAY);
    const paths = filesIn(homePaths(context.runtime.home).logs);
    const found = await countLines(paths, sinceMs, quoted);
    const coveredDays = (Date.now() - Math.max(sinceMs, found.oldestMs)) / DAY_MS;
    const expectedSetups = setupsPerWeek === undefined ? null : (setupsPerWeek * coveredDays) / 7;
    const expected = [
      `at most ${errorsMax} errors`,
      ...(venueMax === undefined ? [] : [`at most ${venueMax} lines about the venue`]),
      ...(expectedSetups === null ? [] : [`about ${expectedSetups.toFixed(1)} setups`]),
    ].join(', ');
    if (paths.length === 0)
      return { verdict: 'not_run', observed: 'there is no trading log: nothing was counted', expected };
    const { setup, order, error, warning, venue } = found.counts;
    const isBad =
      error > errorsMax ||
      venue > (venueMax ?? Number.POSITIVE_INFINITY) ||
      (expectedSetups !== null && isUnusual(expectedSetups, setup));
    const counts = [
      `${counted(setup, 'setup')} detected`,
      `${counted(order, 'line')} about orders`,
      ...[counted(error, 'error'), counted(warning, 'warning'), `${venue} about the venue`],
    ].join(', ');
    const newest = found.quoted.length === 0 ? '' : `; the newest: ${found.quoted.join(' | ')}`;
    return { verdict: isBad ? 'fail' : 'pass', observed: `${counts}${newest}`, expected };
  },
);

/** Newest first. */
function filesIn(folder: string): readonly string[] {
  const path = join(folder, TRADING_LOG);
  return [path, ...datedLog(folder, TRADING_LOG).movedFrom(path)].filter((file) => existsSync(file));
}

interface Counted {
  readonly counts: Readonly<Record<'setup' | 'order' | 'error' | 'warning' | 'venue', number>>;
  /** Time of the oldest line read. */
  readonly oldestMs: number;
  /** Errors and warnings, newest first. */
  readonly quoted: readonly string[];
}

async function countLines(paths: readonly string[], sinceMs: number, quotedMax: number): Promise<Counted> {
  const counts = { setup: 0, order: 0, error: 0, warning: 0, venue: 0 };
  const quoted: string[] = [];
  let oldestMs = Date.now();
  const isSince = timeSince(sinceMs);
  for await (const line of linesBackwards(paths)) {
    oldestMs = Date.parse(line.time);
    const found = isSince(oldestMs);
    if (found === null) break;
    if (!found) continue;
    if (line.kind !== null && line.kind !== 'error') counts[line.kind] += 1;
    if (line.level !== 'error' && line.level !== 'warn') continue;
    counts[line.level === 'error' ? 'error' : 'warning'] += 1;
    const said = `${line.role} ${line.level}: ${line.message}`.slice(0, SHOWN_CHARS);
    if (quoted.length < quotedMax) quoted.push(said);
  }
  return { counts, oldestMs, quoted };
}

async function* linesBackwards(paths: readonly string[]): AsyncGenerator<LogLine> {
  for (const path of paths)
    for await (const text of readLinesBackwards(path)) {
      const line = tradingLine(text);
      if (line !== null) yield line;
    }
}
