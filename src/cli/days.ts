/** The options `--from` and `--to`: days of minutes that were fetched or are to be fetched. */
import { InvalidArgumentError } from 'commander';
import { DAY_MS } from '../domain/civil-date.js';
import type { Span } from '../market/fetched/minutes-file.js';
import { usageFailure } from './failure.js';

const DAYS_MAX = 5 * 366;

/** The first millisecond of a day in UTC, since 1970. */
export function dayValue(text: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  const exact = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
  if (!exact) throw new InvalidArgumentError('expected a day like 2026-10-01');
  return ms;
}

export const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The span from the first to the last day, both included. */
export function spanOf(from: number, to: number): Span {
  const span = { fromMs: from, untilMs: to + DAY_MS };
  if (to < from) throw usageFailure('--to lies before --from', 'write the earlier day first');
  if (from > Date.now()) throw usageFailure('--from lies in the future', 'there are no candles yet');
  if (span.untilMs - span.fromMs > DAYS_MAX * DAY_MS) {
    throw usageFailure(`more than ${DAYS_MAX} days at once`, 'name fewer days');
  }
  return span;
}
