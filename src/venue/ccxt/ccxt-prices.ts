/** Prices of any venue that ccxt supports. */
import { DAY_MS, MINUTE_MS } from '../../domain/civil-date.js';
import type { OhlcvRow, PriceConnection, Ticker } from '../prices.js';
import { steadyNowMs } from '../steady-clock.js';
import {
  type CcxtExchange,
  type ExchangeOptions,
  isUnlisted,
  listedOf,
  noneWhereUnlisted,
  openExchange,
} from './ccxt-exchange.js';
import { openLibraryStream } from './library-stream.js';

export async function openCcxtPrices(options: ExchangeOptions): Promise<PriceConnection> {
  const exchange = await openExchange(options);
  const symbols = listedOf(exchange, options.instruments).map(({ symbol }) => symbol);
  return {
    ...pricesOf(exchange),
    looksFurther: true,
    fetchMinutes: (symbol, sinceMs, limit) => nextMinutes(exchange, symbol, sinceMs, limit),
    stream: (events) => openLibraryStream(exchange, symbols, events),
  };
}

/** Where the library does not know how many candles a request brings: every exchange gives that many. */
const PAGE_LEAST = 100;

/**
 * At many exchanges a page is a span of time: it is empty before a coin was listed and while nothing was traded, and
 * minutes may follow.
 */
async function nextMinutes(
  exchange: CcxtExchange,
  symbol: string,
  sinceMs: number,
  limit: number,
): Promise<readonly OhlcvRow[]> {
  const most = exchange.featureValue(symbol, 'fetchOHLCV', 'limit');
  const page = Math.min(limit, most ?? PAGE_LEAST);
  for (let fromMs = sinceMs; ; ) {
    const rows = await exchange.fetchOHLCV(symbol, '1m', fromMs, Math.min(limit, most ?? limit));
    const untilMs = fromMs + page * MINUTE_MS;
    if (rows.length > 0 || untilMs > steadyNowMs()) return rows;
    fromMs = await nextTradedMs(exchange, symbol, untilMs, page);
  }
}

/** The first time from `fromMs` on at which there may be minutes, by candles of a day: years take few requests. */
async function nextTradedMs(
  exchange: CcxtExchange,
  symbol: string,
  fromMs: number,
  page: number,
): Promise<number> {
  // The day that runs may have no candle yet.
  const lastMs = steadyNowMs() - DAY_MS;
  // The candle of the day that includes `fromMs` opens before it.
  for (let sinceMs = fromMs - DAY_MS; sinceMs < lastMs; sinceMs += page * DAY_MS) {
    const days = await exchange.fetchOHLCV(symbol, '1d', sinceMs, page);
    const next = days.find(([openMs = 0]) => openMs + DAY_MS > fromMs)?.[0];
    if (next !== undefined) return Math.max(fromMs, next);
  }
  return Math.max(fromMs, lastMs);
}

/** Everything except the stream. An empty page of minutes is taken for the end of them. */
export function pricesOf(exchange: CcxtExchange): Omit<PriceConnection, 'stream'> {
  return {
    fetchQuotes: (symbols) => quotesOf(exchange, symbols),
    fetchMinutes: (symbol, sinceMs, limit) => exchange.fetchOHLCV(symbol, '1m', sinceMs, limit),
    fetchTime: () => exchange.fetchTime(),
    close: () => exchange.close(),
  };
}

/** A delisted symbol has no quote; the others still get theirs. */
async function quotesOf(exchange: CcxtExchange, symbols: readonly string[]): Promise<readonly Ticker[]> {
  const { fetchBidsAsks } = exchange.has;
  const together = async (some: readonly string[]) => Object.values(await exchange.fetchBidsAsks(some));
  try {
    if (fetchBidsAsks) return await together(symbols);
  } catch (error) {
    if (!isUnlisted(error)) throw error;
    if (symbols.length < 2) return [];
  }
  const alone = (symbol: string) =>
    fetchBidsAsks ? together([symbol]) : exchange.fetchTicker(symbol).then((ticker) => [ticker]);
  const quotes = await Promise.all(symbols.map((symbol) => alone(symbol).catch(noneWhereUnlisted)));
  return quotes.flat();
}
