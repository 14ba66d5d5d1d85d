/** Finished candles, as the trader saw them, and what is missing between them. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Decimal text, as everything that leaves the trader. */
export interface Candle {
  readonly symbol: string;
  /** Market milliseconds. */
  readonly openMs: number;
  readonly spanMs: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: string;
}

/** What is stored stays as it is, except that a real candle takes the place of a simulated one. Gives how many are new. */
export async function storeBars(
  pool: Queries,
  desk: string,
  simulated: boolean,
  candles: readonly Candle[],
): Promise<number> {
  if (candles.length === 0) return 0;
  const stored = await pool.query(
    `insert into bars (desk, symbol, open_time, span_seconds, open, high, low, close, volume, simulated)
     select $1, *, $2 from unnest($3::text[], $4::timestamptz[], $5::int[], $6::numeric[], $7::numeric[],
       $8::numeric[], $9::numeric[], $10::numeric[])
     on conflict (desk, symbol, span_seconds, open_time) do update set open = excluded.open, high = excluded.high,
       low = excluded.low, close = excluded.close, volume = excluded.volume, simulated = excluded.simulated
       where bars.simulated and not excluded.simulated`,
    [
      desk,
      simulated,
      candles.map(({ symbol }) => symbol),
      candles.map(({ openMs }) => new Date(openMs).toISOString()),
      candles.map(({ spanMs }) => spanMs / 1_000),
      candles.map(({ open }) => open),
      candles.map(({ high }) => high),
      candles.map(({ low }) => low),
      candles.map(({ close }) => close),
      candles.map(({ volume }) => volume),
    ],
  );
  return stored.rowCount ?? 0;
}

export interface BarGap {
  readonly symbol: string;
  /** First missing candle's opening, and the opening of the next one that is there. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly missing: number;
}

export interface BarCoverage {
  readonly symbol: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const MINUTE_SECONDS = 60;
const GAPS_MAX = 200;

interface BarRange {
  readonly desk: string;
  /** Market milliseconds: candles that open in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
}

/** One-minute candles by symbol; a symbol without any is not listed. */
export async function readCoverage(pool: Queries, range: BarRange): Promise<readonly BarCoverage[]> {
  const found = await pool.query<{ symbol: string; count: string; first: Date; last: Date }>(
    `select symbol, count(*) as count, min(open_time) as first, max(open_time) as last from bars
      where desk = $1 and span_seconds = $2 and open_time >= $3 and open_time < $4 group by symbol order by symbol`,
    [range.desk, MINUTE_SECONDS, new Date(range.fromMs), new Date(range.toMs)],
  );
  return found.rows.map(({ symbol, count, first, last }) => ({
    symbol,
    count: Number(count),
    firstMs: first.getTime(),
    lastMs: last.getTime(),
  }));
}

/** Missing minutes between the first and the last candle of each symbol in the range; the newest 200 gaps. */
export async function findBarGaps(pool: Queries, range: BarRange): Promise<readonly BarGap[]> {
  const found = await pool.query<{ symbol: string; open_time: Date; next: Date }>(
    `select symbol, open_time, next from (
       select symbol, open_time, lead(open_time) over (partition by symbol order by open_time) as next from bars
        where desk = $1 and span_seconds = $2 and open_time >= $3 and open_time < $4) as neighbours
      where next > open_time + make_interval(secs => $2::int) order by open_time desc limit $5`,
    [range.desk, MINUTE_SECONDS, new Date(range.fromMs), new Date(range.toMs), GAPS_MAX],
  );
  return found.rows.map(({ symbol, open_time: open, next }) => {
    const fromMs = open.getTime() + MINUTE_SECONDS * 1_000;
    const missing = (next.getTime() - fromMs) / (MINUTE_SECONDS * 1_000);
    return { symbol, fromMs, toMs: next.getTime(), missing };
  });
}
