/** Compares the market's volatility with its usual level, from the stored one-minute candles. */

import type { ConditionsQuestion, MarketConditions } from '../../contracts/incident-activities.js';
import { HOUR_MS } from '../../domain/civil-date.js';
import type { BarSeries } from '../../store/bars.js';
import type { Pool } from '../../store/pool.js';

const HISTORY_HOURS = 14 * 24;
/** The least data for a comparison: minutes in the last hour, and hours before it. */
const MINUTES_MIN = 30;
const HOURS_MIN = 6;

/**
 * Realised volatility of an hour: square root of the sum of squared one-minute log returns. Compares the last hour with
 * the median hour of the 14 days before.
 */
export async function marketConditions(
  pool: Pick<Pool, 'query'>,
  desk: string,
  { symbols, source, untilMarketMs, timesNormal }: ConditionsQuestion,
): Promise<MarketConditions> {
  const readings = await Promise.all(
    symbols.map(async (symbol) => ({
      symbol,
      ...compare(await hourlyVolatility(pool, { desk, source: source ?? '' }, symbol, untilMarketMs)),
    })),
  );
  const known = readings.flatMap(({ symbol, ratio }) => (ratio === null ? [] : [{ symbol, ratio }]));
  const says = readings.map(({ symbol, words }) => `${symbol}: ${words}`).join('; ');
  return {
    changed: known.length === 0 ? null : known.some(({ ratio }) => ratio >= timesNormal),
    says: says || 'no symbol is known',
  };
}

interface Hour {
  readonly volatility: number;
  readonly minutes: number;
}

/** Newest hour first; each hour ends at the minute at which the newest candle ends. */
async function hourlyVolatility(
  pool: Pick<Pool, 'query'>,
  { desk, source }: BarSeries,
  symbol: string,
  untilMarketMs: number | null,
): Promise<readonly Hour[]> {
  const found = await pool.query<{ open_time: Date; close: string }>(
    `select open_time, close from bars where desk = $1 and source = $5 and symbol = $2 and span_seconds = 60
       and ($3::timestamptz is null or open_time <= $3) order by open_time desc limit $4`,
    [desk, symbol, untilMarketMs === null ? null : new Date(untilMarketMs), HISTORY_HOURS * 60, source],
  );
  const newestMs = found.rows[0]?.open_time.getTime();
  if (newestMs === undefined) return [];
  const hours = new Map<number, { squares: number; minutes: number }>();
  let later: number | null = null;
  for (const { open_time: openTime, close } of found.rows) {
    const price = Number(close);
    const hour = Math.floor((newestMs - openTime.getTime()) / HOUR_MS);
    if (later !== null) {
      const bucket = hours.get(hour) ?? { squares: 0, minutes: 0 };
      bucket.squares += Math.log(later / price) ** 2;
      bucket.minutes += 1;
      hours.set(hour, bucket);
    }
    later = price;
  }
  return [...hours.entries()]
    .sort(([a], [b]) => a - b)
    .map(([, { squares, minutes }]) => ({ volatility: Math.sqrt(squares), minutes }));
}

function compare([last, ...before]: readonly Hour[]): {
  readonly ratio: number | null;
  readonly words: string;
} {
  const usual = before.filter(({ minutes }) => minutes >= MINUTES_MIN).map(({ volatility }) => volatility);
  if (last === undefined || last.minutes < MINUTES_MIN || usual.length < HOURS_MIN) {
    return { ratio: null, words: `too few minutes are stored (${usual.length} whole hours)` };
  }
  const normal = median(usual);
  const ratio = normal > 0 ? last.volatility / normal : null;
  const percent = (value: number) => `${(value * 100).toFixed(3)} %`;
  const times = ratio === null ? 'it never moved before' : `${ratio.toFixed(1)} times normal`;
  return {
    ratio,
    words: `${percent(last.volatility)} in the last hour, usually ${percent(normal)}: ${times}`,
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
