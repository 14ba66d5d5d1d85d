/** Candles of any interval, made from minutes. */
import { Refusal } from '../requests/refusal.js';
import { formatUnits } from '../units.js';
import { type Candle, type Market, MINUTE_MS } from './market.js';

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
  '8h': 480,
  '12h': 720,
  '1d': 1440,
  '3d': 4320,
};

/** Seconds, weeks and months are not built: they are refused like an interval that does not exist. */
export function isInterval(interval: string): boolean {
  return interval in INTERVALS;
}

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
  const oldestFirst = query.startMs !== null;
  const cut = !oldestFirst ? found.slice(-query.limit) : found.slice(0, query.limit);
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
    formatUnits(candle.takerVolume),
    formatUnits(candle.takerQuoteVolume),
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
      current.takerVolume += minute.takerVolume;
      current.takerQuoteVolume += minute.takerQuoteVolume;
      current.trades += minute.trades;
      if (current.firstTradeId === -1) current.firstTradeId = minute.firstTradeId;
      if (minute.lastTradeId !== -1) current.lastTradeId = minute.lastTradeId;
    }
  }
  return joined;
}

/** The candle of an interval that is open at this time, or the last one before it. */
export function candleAt(market: Market, interval: string, atMs: number): Candle | null {
  const spanMs = intervalMs(interval);
  const minutes = market.candles.filter(({ openMs }) => openMs <= atMs);
  return joinMinutes(minutes.slice(-(spanMs / MINUTE_MS) - 1), spanMs).at(-1) ?? null;
}

/** A kline event. `closed`: the last event of this candle. */
export function klineEvent(
  market: Market,
  interval: string,
  candle: Candle,
  { nowMs, closed }: { readonly nowMs: number; readonly closed: boolean },
): Record<string, unknown> {
  return {
    e: 'kline',
    E: nowMs,
    s: market.symbol.name,
    k: {
      t: candle.openMs,
      T: candle.openMs + intervalMs(interval) - 1,
      s: market.symbol.name,
      i: interval,
      f: candle.firstTradeId,
      L: candle.lastTradeId,
      o: formatUnits(candle.open),
      c: formatUnits(candle.close),
      h: formatUnits(candle.high),
      l: formatUnits(candle.low),
      v: formatUnits(candle.volume),
      n: candle.trades,
      x: closed,
      q: formatUnits(candle.quoteVolume),
      V: formatUnits(candle.takerVolume),
      Q: formatUnits(candle.takerQuoteVolume),
      B: '0',
    },
  };
}

export function candleEndMs(candle: Candle, interval: string): number {
  return candle.openMs + intervalMs(interval);
}
