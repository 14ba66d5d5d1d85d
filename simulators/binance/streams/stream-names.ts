/** Names of market streams. An unsupported stream is refused at once, not acknowledged and left silent. */
import { isInterval } from '../exchange/candles.js';
import type { Exchange } from '../exchange/exchange.js';
import type { Market } from '../exchange/market.js';

export type StreamKind =
  | { readonly kind: 'trade' | 'aggTrade' | 'bookTicker' | 'miniTicker' | 'ticker' | 'avgPrice' }
  | { readonly kind: 'kline'; readonly interval: string }
  | { readonly kind: 'window'; readonly size: keyof typeof WINDOWS }
  /** Every change of the book. */
  | { readonly kind: 'depth'; readonly everyMs: number }
  /** The best levels of the book. */
  | { readonly kind: 'levels'; readonly levels: number; readonly everyMs: number };

export interface Stream {
  readonly name: string;
  /** Null: all symbols, sent as a list. */
  readonly market: Market | null;
  readonly of: StreamKind;
}

/** Minutes. */
export const WINDOWS = { '1h': 60, '4h': 240, '1d': 1440 } as const;

const PLAIN = ['trade', 'aggTrade', 'bookTicker', 'miniTicker', 'ticker', 'avgPrice'] as const;

/** Null if there is no such stream. */
export function readStream(exchange: Exchange, name: string): Stream | null {
  const all = /^!(.+)@arr$/.exec(name)?.[1];
  if (all !== undefined) {
    const of = readKind(all);
    const listed = of?.kind === 'miniTicker' || of?.kind === 'ticker' || of?.kind === 'window';
    return of !== null && listed ? { name, market: null, of } : null;
  }
  const at = name.indexOf('@');
  const symbol = name.slice(0, at);
  const market = symbol === symbol.toLowerCase() ? exchange.markets.get(symbol.toUpperCase()) : undefined;
  const of = readKind(name.slice(at + 1));
  return at < 1 || market === undefined || of === null ? null : { name, market, of };
}

function readKind(text: string): StreamKind | null {
  const plain = PLAIN.find((one) => one === text);
  if (plain !== undefined) return { kind: plain };
  const interval = /^kline_(.+)$/.exec(text)?.[1];
  if (interval !== undefined) return isInterval(interval) ? { kind: 'kline', interval } : null;
  const size = /^ticker_(1h|4h|1d)$/.exec(text)?.[1] as keyof typeof WINDOWS | undefined;
  if (size !== undefined) return { kind: 'window', size };
  const depth = /^depth(5|10|20)?(@100ms|@1000ms)?$/.exec(text);
  if (depth === null) return null;
  const everyMs = depth[2] === '@100ms' ? 100 : 1000;
  return depth[1] === undefined
    ? { kind: 'depth', everyMs }
    : { kind: 'levels', levels: Number(depth[1]), everyMs };
}
