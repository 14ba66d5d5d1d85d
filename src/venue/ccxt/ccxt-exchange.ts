/** One ccxt exchange, for public prices: imported on its own, its markets reduced to the desk's symbols. */

import type { Instrument } from '../../domain/instrument.js';
import type { LiveAddresses, OhlcvRow, OpenPrices, Ticker } from '../prices.js';
import { guardFutures } from './guard-futures.js';

interface BookTop {
  readonly bids: readonly (readonly (number | undefined)[])[];
  readonly asks: readonly (readonly (number | undefined)[])[];
}

interface Market {
  readonly symbol: string;
}

export interface StreamClient {
  future(hash: string): Promise<unknown>;
  /** Hands a result to whoever is waiting, if anyone. */
  resolve(result: unknown, hash?: string): unknown;
  connect(): Promise<unknown>;
  send(message: object): Promise<unknown>;
  reset(error: Error): void;
  close(): unknown;
  error?: Error | undefined;
  guarded?: boolean;
}

/** The part of a ccxt exchange that is used here. */
export interface CcxtExchange {
  has: Readonly<Record<string, boolean | string | undefined>>;
  readonly urls: { readonly api: Record<string, unknown> };
  streaming: Record<string, unknown>;
  /** By symbol, once loaded. */
  readonly markets?: Readonly<Record<string, Market>>;
  fetchMarkets(params?: object): Promise<Market[]>;
  loadMarkets(reload: boolean, params?: object): Promise<unknown>;
  /** The most candles that one request brings; undefined: the library does not know. */
  featureValue(symbol: string, method: 'fetchOHLCV', feature: 'limit'): number | undefined;
  fetchOHLCV(symbol: string, timeframe: string, sinceMs: number, limit: number): Promise<readonly OhlcvRow[]>;
  fetchBidsAsks(symbols: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  fetchTicker(symbol: string): Promise<Ticker>;
  fetchTime(): Promise<number | undefined>;
  watchBidsAsks(symbols: readonly string[]): Promise<Readonly<Record<string, Ticker>>>;
  watchTicker(symbol: string): Promise<Ticker>;
  watchOrderBook(symbol: string): Promise<BookTop>;
  readonly clients?: Record<string, StreamClient>;
  client(url: string): StreamClient;
  handleMessage(client: StreamClient, message: unknown): void;
  setSandboxMode(on: boolean): void;
  loadHttpProxyAgent(): Promise<unknown>;
  close(): Promise<unknown>;
}

type ExchangeClass = new (options: object) => CcxtExchange;

export interface ExchangeOptions extends OpenPrices {
  readonly venue: string;
  /** Parameters that keep the venue's list of markets short, if the venue has any. */
  readonly marketParameters?: object;
  /** The same per symbol: some venues refuse the whole list over one unknown symbol. */
  readonly marketParametersOfEach?: readonly object[];
}

const NAME = /^[a-z][a-z0-9]{1,30}$/;
/** Interval of the library's pings. A stream that answers none for twice as long is considered dead. */
const KEEP_ALIVE_MS = 5000;

/** Throws if ccxt has no such exchange, or it can't be reached, or it lacks one of the symbols. */
export async function openExchange(options: ExchangeOptions): Promise<CcxtExchange> {
  const { venue, timeoutMs, addresses, marketParameters = {} } = options;
  const Exchange = await loadClass(venue);
  const exchange = new Exchange({
    timeout: timeoutMs,
    enableRateLimit: true,
    options: { fetchMarkets: { types: ['spot'] }, fetchCurrencies: false, fetchMargins: false },
    ...(addresses ? { fetchImplementation: fetchThrough(addresses) } : {}),
  });
  exchange.streaming = { ...exchange.streaming, keepAlive: KEEP_ALIVE_MS };
  // The list of all currencies and their networks is megabytes, and prices need none of it.
  exchange.has = { ...exchange.has, fetchCurrencies: false };
  guardFutures(exchange);
  keepOnly(exchange, options);
  if (addresses) {
    addresses.streams(exchange);
    await exchange.loadHttpProxyAgent();
  }
  try {
    await exchange.loadMarkets(false, marketParameters);
    return exchange;
  } catch (error) {
    await exchange.close().catch(() => {});
    throw error;
  }
}

/** The package's only export loads every exchange (60 MB); a file URL loads one. */
async function loadClass(venue: string): Promise<ExchangeClass> {
  if (!NAME.test(venue)) throw new Error(`${venue} is no name of a venue`);
  const base = import.meta.resolve('ccxt');
  try {
    const module = (await import(new URL(`./src/pro/${venue}.js`, base).href)) as { default: ExchangeClass };
    return module.default;
  } catch (cause) {
    throw new Error(`${venue} is not among the venues that can be read (ccxt has no stream for it)`, {
      cause,
    });
  }
}

function keepOnly(exchange: CcxtExchange, options: ExchangeOptions): void {
  const { instruments, mayLack = false, marketParametersOfEach: each = [] } = options;
  const symbols = new Set(instruments.map(({ symbol }) => symbol));
  const fetchMarkets = exchange.fetchMarkets.bind(exchange);
  const oneByOne = async (error: unknown): Promise<Market[]> => {
    if (!mayLack || !isUnlisted(error)) throw error;
    const lists = each.map((params) => fetchMarkets(params).catch(noneWhereUnlisted));
    return (await Promise.all(lists)).flat();
  };
  exchange.fetchMarkets = async (params) => {
    const all = await fetchMarkets(params).catch(oneByOne);
    const markets = all.filter(({ symbol }) => symbols.has(symbol));
    const missing = [...symbols].filter((wanted) => !markets.some(({ symbol }) => symbol === wanted));
    if (missing.length > 0 && (!mayLack || markets.length === 0))
      throw new Error(`does not list ${missing.join(', ')}`);
    return markets;
  };
}

/** The desk's instruments that the venue lists. */
export function listedOf(exchange: CcxtExchange, instruments: readonly Instrument[]): readonly Instrument[] {
  return instruments.filter(({ symbol }) => exchange.markets?.[symbol] !== undefined);
}

/**
 * The library's own error class for an unlisted symbol. The library is loaded late, so the class is
 * recognised by name.
 */
export const isUnlisted = (error: unknown): boolean => error instanceof Error && error.name === 'BadSymbol';

export function noneWhereUnlisted(error: unknown): never[] {
  if (isUnlisted(error)) return [];
  throw error;
}

interface FetchOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

function fetchThrough(addresses: LiveAddresses): (url: string, options: FetchOptions) => Promise<Response> {
  return (url, { method, headers, body, signal }) =>
    fetch(addresses.http(url), {
      redirect: 'error',
      ...(method ? { method } : {}),
      ...(headers ? { headers } : {}),
      ...(body ? { body } : {}),
      ...(signal ? { signal } : {}),
    });
}
