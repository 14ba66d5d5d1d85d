/** Prices of any venue that the library knows. */
import type { PriceConnection } from '../prices.js';
import { type CcxtExchange, type ExchangeOptions, openExchange } from './ccxt-exchange.js';
import { openLibraryStream } from './library-stream.js';

export async function openCcxtPrices(options: ExchangeOptions): Promise<PriceConnection> {
  const exchange = await openExchange(options);
  const symbols = options.instruments.map(({ symbol }) => symbol);
  return {
    ...pricesOf(exchange),
    stream: (events) => openLibraryStream(exchange, symbols, events),
  };
}

/** Everything but the stream. */
export function pricesOf(exchange: CcxtExchange): Omit<PriceConnection, 'stream'> {
  return {
    async fetchQuotes(symbols) {
      if (exchange.has.fetchBidsAsks) return Object.values(await exchange.fetchBidsAsks(symbols));
      return Promise.all(symbols.map((symbol) => exchange.fetchTicker(symbol)));
    },
    fetchMinutes: (symbol, sinceMs, limit) => exchange.fetchOHLCV(symbol, '1m', sinceMs, limit),
    fetchTime: () => exchange.fetchTime(),
    close: () => exchange.close(),
  };
}
