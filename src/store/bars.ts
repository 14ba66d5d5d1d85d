/** Finished candles as the trader saw them, in one series per price source, and the gaps between them. */
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Decimal text, like everything that leaves the trader. */
export interface Candle {
  readonly symbol: string;
  /** Market milliseconds. */
  readonly openMs: number;
  readonly spanMs: number;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  /** Null: not known. */
  readonly volume: string | null;
  /** The best prices shown to strategies with this candle. Null: not known. */
  readonly bid: string | null;
  readonly ask: string | null;
}

export interface BarSeries {
  readonly desk: string;
  /** Identity of the price source. */
  readonly source: string;
}

/** Stored candles stay unchanged. Returns how many are new. */
export async function storeBars(
  pool: Queries,
  { desk, source, simulated }: BarSeries & { readonly simulated: boolean },
  candles: readonly Candle[],
): Promise<number> {
  if (candles.length === 0) return 0;
  const stored = await pool.query(
    `insert into bars (desk, source, simulated, symbol, open_time, span_seconds, open, high, low, close, volume, bid, ask)
     select $1, $2, $3, * from unnest($4::text[], $5::timestamptz[], $6::int[], $7::numeric[], $8::numeric[],
       $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[])
     on conflict (desk, source, symbol, span_seconds, open_time) do nothing`,
    [
      desk,
      source,
      simulated,
      candles.map(({ symbol }) => symbol),
      candles.map(({ openMs }) => new Date(openMs).toISOString()),
      candles.map(({ spanMs }) => spanMs / 1_000),
      candles.map(({ open }) => open),
      candles.map(({ high }) => high),
      candles.map(({ low }) => low),
      candles.map(({ close }) => close),
      candles.map(({ volume }) => volume),
      candles.map(({ bid }) => bid),
      candles.map(({ ask }) => ask),
    ],
  );
  return stored.rowCount ?? 0;
}

export interface BarGap {
  readonly symbol: string;
  /** Opening time of the first missing candle, and of the next existing one. */
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
const GAPS_MAX = 2_000;
/** Source of candles that were stored before sources were distinguished. */
const UNKNOWN_SOURCE = 'unknown';

interface BarRange extends BarSeries {
  /** Market milliseconds: candles that open in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Counts one-minute candles by symbol; a symbol without any is not listed. */
export async function readCoverage(pool: Queries, range: BarRange): Promise<readonly BarCoverage[]> {
  const found = await pool.query<{ symbol: string; count: string; first: Date; last: Date }>(
    `select symbol, count(*) as count, min(open_time) as first, max(open_time) as last from bars
      where desk = $1 and span_seconds = $2 and open_time >= $3 and open_time < $4 and source = $5
      group by symbol order by symbol`,
    rangeParameters(range),
  );
  return found.rows.map(({ symbol, count, first, last }) => ({
    symbol,
    count: Number(count),
    firstMs: first.getTime(),
    lastMs: last.getTime(),
  }));
}

/**
 * Missing minutes between the first and the last candle of each symbol in the range, whether its market was open or
 * not; the newest 2000 gaps.
 */
export async function findBarGaps(pool: Queries, range: BarRange): Promise<readonly BarGap[]> {
  const found = await pool.query<{ symbol: string; open_time: Date; next: Date }>(
    `select symbol, open_time, next from (
       select symbol, open_time, lead(open_time) over (partition by symbol order by open_time) as next from bars
        where desk = $1 and span_seconds = $2 and open_time >= $3 and open_time < $4 and source = $5) as neighbours
      where next > open_time + make_interval(secs => $2::int) order by open_time desc limit $6`,
    [...rangeParameters(range), GAPS_MAX],
  );
  return found.rows.map(({ symbol, open_time: open, next }) => {
    const fromMs = open.getTime() + MINUTE_SECONDS * 1_000;
    const missing = (next.getTime() - fromMs) / (MINUTE_SECONDS * 1_000);
    return { symbol, fromMs, toMs: next.getTime(), missing };
  });
}

/** Those in which the market was open, with the open minutes that they lack. */
export const gapsWhileOpen = (
  gaps: readonly BarGap[],
  openMs: (symbol: string, fromMs: number, toMs: number) => number,
): readonly BarGap[] =>
  gaps.flatMap((gap) => {
    const missing = Math.floor(openMs(gap.symbol, gap.fromMs, gap.toMs) / (MINUTE_SECONDS * 1_000));
    return missing === 0 ? [] : [{ ...gap, missing }];
  });

/** One-minute candles, oldest first. */
export async function readBars(pool: Queries, range: BarRange): Promise<readonly Candle[]> {
  const found = await pool.query<Omit<Candle, 'openMs' | 'spanMs'> & { open_time: Date }>(
    `select symbol, open_time, open, high, low, close, volume, bid, ask from bars
      where desk = $1 and span_seconds = $2 and open_time >= $3 and open_time < $4 and source = $5
      order by open_time, symbol`,
    rangeParameters(range),
  );
  return found.rows.map(({ open_time: opened, ...prices }) => ({
    ...prices,
    openMs: opened.getTime(),
    spanMs: MINUTE_SECONDS * 1_000,
  }));
}

/** Source of the newest candle in the range; null if none has a known source. */
export async function newestSource(
  pool: Queries,
  { desk, fromMs, toMs }: Omit<BarRange, 'source'>,
): Promise<string | null> {
  const found = await pool.query<{ source: string }>(
    `select source from bars where desk = $1 and span_seconds = $2 and open_time >= $3 and open_time < $4
      and source <> $5 order by open_time desc limit 1`,
    rangeParameters({ desk, source: UNKNOWN_SOURCE, fromMs, toMs }),
  );
  return found.rows[0]?.source ?? null;
}

function rangeParameters({ desk, source, fromMs, toMs }: BarRange): unknown[] {
  return [desk, MINUTE_SECONDS, new Date(fromMs), new Date(toMs), source];
}
