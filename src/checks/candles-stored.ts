import { z } from 'zod';
import { HOUR_MS, MINUTE_MS } from '../domain/civil-date.js';
import { type BarGap, findBarGaps, gapsWhileOpen, readCoverage } from '../store/bars.js';
import { openTimes } from '../trader/engine-config.js';
import { readStatus } from '../trader/read-status.js';
import { check } from './check.js';

/** How late a finished minute may be stored, in wall time; a fast market runs on meanwhile. */
const LATE_WALL_MS = 15_000;
const LATE_MARKET_MS = 2 * MINUTE_MS;
const GAPS_NAMED = 5;

/**
 * Checks that every instrument has candles from the prices in use, up to now and without gaps since its first
 * one in the span. Only times when its market is open count, so that after a holiday or a weekend none may be due.
 */
export const candlesStored = check(
  'Candles are stored without gaps',
  z.strictObject({ hours: z.number().min(0).default(24) }),
  async ({ desk, trader, pool }, { hours }) => {
    const expected = `a candle of every minute of the last ${hours} hours, for ${desk.instruments.length} instruments`;
    const { marketData } = await readStatus({ trader });
    const { marketMs, speed, identity: source } = marketData;
    const openMs = openTimes(desk);
    const range = { desk: desk.desk, source, fromMs: marketMs - hours * HOUR_MS, toMs: marketMs };
    const [coverage, found] = await Promise.all([readCoverage(pool, range), findBarGaps(pool, range)]);
    const lateMs = speed === null ? Number.POSITIVE_INFINITY : LATE_MARKET_MS + LATE_WALL_MS * speed;
    // A market at full speed is always late, but has had a candle by then.
    const noneMs = speed === null ? 0 : lateMs;
    const counts: string[] = [];
    const problems: string[] = [];
    for (const { symbol } of desk.instruments) {
      const covered = coverage.find((one) => one.symbol === symbol);
      counts.push(`${symbol} ${covered?.count ?? '0 (none was due)'}`);
      if (covered === undefined) {
        if (openMs(symbol, range.fromMs, marketMs) > noneMs) problems.push(`${symbol} has none`);
      } else if (openMs(symbol, covered.lastMs + MINUTE_MS, marketMs) > lateMs) {
        problems.push(`${symbol} has none since ${minuteOf(covered.lastMs)}`);
      }
    }
    const gaps = gapsWhileOpen(found, openMs);
    const observed = counts.join(', ');
    if (problems.length > 0) return { verdict: 'fail', observed: problems.join('; '), expected };
    if (gaps.length > 0)
      return { verdict: 'warn', observed: `${observed}; missing: ${named(gaps)}`, expected };
    return { verdict: 'pass', observed, expected };
  },
);

function named(gaps: readonly BarGap[]): string {
  const lines = gaps
    .slice(0, GAPS_NAMED)
    .map(({ symbol, fromMs, missing }) => `${symbol} ${missing} from ${minuteOf(fromMs)}`);
  return [...lines, ...(gaps.length > GAPS_NAMED ? [`and ${gaps.length - GAPS_NAMED} more gaps`] : [])].join(
    ', ',
  );
}

const minuteOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;
