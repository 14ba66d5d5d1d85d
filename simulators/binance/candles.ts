/** Candles of any interval out of minutes. */
import { type Candle, type Market, MINUTE_MS } from './market.js';
import { Refusal } from './refusal.js';
import { formatUnits } from './units.js';

const INTERVALS: Readonly<Record<string, number>> = {
  '1m': 1,
  '3m': 3,
  '5m': 5,
  '15m': 15,
  '30m': 30,
  '1h': 60,
  '2h': 120,
  '4h': 240,
  '6h': 360,
  '12h': 720,
  '1d': 1440,
};

function intervalMs(interval: string): number {
  const minutes = INTERVALS[interval];
  if (minutes === undefined) throw new Refusal(-1120, 'Invalid interval.');
  return minutes * MINUTE_MS;
}

export interface CandleQuery {
  readonly interval: string;
  readonly startMs: number | null;
  readonly endMs: number | null;
  readonly limit: number;
}

export function klines(market: Market, query: CandleQuery): unknown[][] {
  const spanMs = intervalMs(query.interval);
  const found = joinMinutes(market.candles, spanMs).filter(
    ({ openMs }) => openMs >= (query.startMs ?? 0) && openMs <= (query.endMs ?? Number.MAX_SAFE_INTEGER),
  );
  const cut = query.startMs === null ? found.slice(-query.limit) : found.slice(0, query.limit);
  return cut.map((candle) => [
    candle.openMs,
    formatUnits(candle.open),
    formatUnits(candle.high),
    formatUnits(candle.low),
    formatUnits(candle.close),
    formatUnits(candle.volume),
    candle.openMs + spanMs - 1,
    formatUnits(candle.quoteVolume),
    candle.trades,
    formatUnits(candle.volume / 2n),
    formatUnits(candle.quoteVolume / 2n),
    '0',
  ]);
}

function joinMinutes(minutes: readonly Candle[], spanMs: number): readonly Candle[] {
  if (spanMs === MINUTE_MS) return minutes;
  const joined: Candle[] = [];
  for (const minute of minutes) {
    const openMs = minute.openMs - (minute.openMs % spanMs);
    const current = joined.at(-1);
    if (current === undefined || current.openMs !== openMs) joined.push({ ...minute, openMs });
    else {
      if (minute.high > current.high) current.high = minute.high;
      if (minute.low < current.low) current.low = minute.low;
      current.close = minute.close;
      current.volume += minute.volume;
      current.quoteVolume += minute.quoteVolume;
      current.trades += minute.trades;
    }
  }
  return joined;
}

/** The `k` of a kline event. */
export function klineEvent(market: Market, interval: string, nowMs: number): Record<string, unknown> | null {
  const spanMs = intervalMs(interval);
  const candle = joinMinutes(market.candles.slice(-(spanMs / MINUTE_MS) - 1), spanMs).at(-1);
  if (candle === undefined) return null;
  return {
    e: 'kline',
    E: nowMs,
    s: market.symbol.name,
    k: {
      t: candle.openMs,
      T: candle.openMs + spanMs - 1,
      s: market.symbol.name,
      i: interval,
      f: -1,
      L: -1,
      o: formatUnits(candle.open),
      c: formatUnits(candle.close),
      h: formatUnits(candle.high),
      l: formatUnits(candle.low),
      v: formatUnits(candle.volume),
      n: candle.trades,
      x: nowMs >= candle.openMs + spanMs,
      q: formatUnits(candle.quoteVolume),
      V: formatUnits(candle.volume / 2n),
      Q: formatUnits(candle.quoteVolume / 2n),
      B: '0',
    },
  };
}
