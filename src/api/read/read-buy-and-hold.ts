/** The benchmark of a desk: its first equity, invested in equal parts in each instrument and held, without costs. */
import { z } from 'zod';
import type { TraderStatus } from '../../contracts/trader-status.js';
import type { Database } from '../dependencies.js';
import type { EquityPoint } from '../live/equity-history.js';

const rowSchema = z.object({ marketMs: z.number(), symbol: z.string(), close: z.number() });

/** The newest candle closed by each time: one index lookup each. */
const CLOSES = `
  select (extract(epoch from place) * 1000)::float8 as "marketMs", symbol, candle.close::float8 as close
  from unnest($4::timestamptz[]) place cross join unnest($3::text[]) symbol cross join lateral (
    select close from bars
    where desk = $1 and source = $2 and bars.symbol = symbol.symbol and span_seconds = 60
      and open_time <= place - interval '1 minute'
    order by open_time desc limit 1
  ) candle
  order by place, symbol`;

/** From the first point at which every instrument had a price; empty if there is none. */
export async function readBuyAndHold(
  database: Database,
  desk: string,
  { identity, lastPrices }: TraderStatus['marketData'],
  points: readonly EquityPoint[],
): Promise<readonly EquityPoint[]> {
  const symbols = lastPrices.map(({ symbol }) => symbol);
  const times = points.map(({ marketMs }) => new Date(marketMs).toISOString());
  if (symbols.length === 0 || times.length === 0) return [];
  const { rows } = await database.query(CLOSES, [desk, identity, symbols, times]);
  const closes = new Map<number, number[]>();
  for (const row of rows) {
    const { marketMs, close } = rowSchema.parse(row);
    closes.set(marketMs, [...(closes.get(marketMs) ?? []), close]);
  }
  const priced = points.flatMap((point) => {
    const found = closes.get(point.marketMs) ?? [];
    return found.length === symbols.length ? [{ ...point, closes: found }] : [];
  });
  const [first] = priced;
  if (first === undefined) return [];
  return priced.map(({ marketMs, closes: now }) => {
    const grown =
      now.reduce((sum, close, at) => sum + close / (first.closes[at] ?? close), 0) / symbols.length;
    return { marketMs, equity: (Number(first.equity) * grown).toFixed(2) };
  });
}
