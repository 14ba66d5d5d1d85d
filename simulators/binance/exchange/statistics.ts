/** Rolling statistics of a symbol: of the last 24 hours, or of a window of minutes. */
import { formatUnits } from '../units.js';
import { bookSide } from './book.js';
import type { Exchange } from './exchange.js';
import { type Candle, type Market, MINUTE_MS } from './market.js';

export interface Statistics {
  readonly open: bigint;
  readonly high: bigint;
  readonly low: bigint;
  readonly last: bigint;
  readonly volume: bigint;
  readonly quoteVolume: bigint;
  readonly count: number;
  readonly firstId: number;
  readonly lastId: number;
  readonly openMs: number;
  readonly closeMs: number;
}

/** `minutes`: how far back. */
export function statisticsOf(market: Market, minutes: number, nowMs: number): Statistics {
  return statisticsSince(market, nowMs - (nowMs % MINUTE_MS) - minutes * MINUTE_MS, nowMs);
}

export function statisticsSince(market: Market, openMs: number, nowMs: number): Statistics {
  market.rollTo(nowMs);
  const within = market.candles.filter((candle) => candle.openMs >= openMs && candle.openMs <= nowMs);
  const traded = within.filter(({ trades }) => trades > 0);
  const sum = (of: (candle: Candle) => bigint) => within.reduce((total, candle) => total + of(candle), 0n);
  const { last } = market;
  return {
    open: within[0]?.open ?? last,
    high: within.reduce((most, { high }) => (high > most ? high : most), last),
    low: within.reduce((least, { low }) => (low < least ? low : least), last),
    last,
    volume: sum(({ volume }) => volume),
    quoteVolume: sum(({ quoteVolume }) => quoteVolume),
    count: within.reduce((total, { trades }) => total + trades, 0),
    firstId: traded[0]?.firstTradeId ?? -1,
    lastId: traded.at(-1)?.lastTradeId ?? -1,
    openMs,
    closeMs: nowMs,
  };
}

export function weightedAverage({ volume, quoteVolume, last }: Statistics): bigint {
  return volume === 0n ? last : (quoteVolume * 100_000_000n) / volume;
}

/** Three decimal places, as the exchange prints it. */
export function changePercent({ open, last }: Statistics): string {
  const thousandths = open === 0n ? 0n : ((last - open) * 100_000n) / open;
  const digits = (thousandths < 0n ? -thousandths : thousandths).toString().padStart(4, '0');
  return `${thousandths < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
}

/** Best bid and ask of the whole book. */
export function bookTicker(exchange: Exchange, market: Market): Record<string, string> {
  const [bid] = bookSide(exchange, market, 'BUY');
  const [ask] = bookSide(exchange, market, 'SELL');
  return {
    symbol: market.symbol.name,
    bidPrice: formatUnits(bid?.[0] ?? 0n),
    bidQty: formatUnits(bid?.[1] ?? 0n),
    askPrice: formatUnits(ask?.[0] ?? 0n),
    askQty: formatUnits(ask?.[1] ?? 0n),
  };
}
