/** Prices of any venue that ccxt supports. */
import type { PriceConnection, Ticker } from '../prices.js';
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
    stream: (events) => openLibraryStream(exchange, symbols, events),
  };
}

/** Everything except the stream. */
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
