/** A small local server that speaks Binance's public interface: REST and the best-price stream, refusing on demand. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { LiveAddresses } from '../../src/venue/prices.js';
import { steadyNowMs } from '../../src/venue/steady-clock.js';

const SYMBOLS = { BTCUSDT: ['BTC', '60000.00'], ETHUSDT: ['ETH', '3000.00'] } as const;

export interface BinancePublicServer {
  readonly addresses: LiveAddresses;
  readonly requests: string[];
  /** Status that every REST call gets; null: it answers. */
  refuseWith: number | null;
  /** Whether the time that is asked for so often, from 1 on, is refused. */
  refusesTime: (asked: number) => boolean;
  /** No REST call is answered at all. */
  silent: boolean;
  /** The venue's clock; nobody sets it. */
  nowMs: () => number;
  /** Tells every subscriber that the newest minute that is over has closed. */
  closeMinute(symbol: keyof typeof SYMBOLS): void;
  /** Sends a best price to every subscriber. */
  quote(symbol: keyof typeof SYMBOLS, bid: string, ask: string): void;
  /** Ends every stream, and refuses new ones if told so. */
  dropStreams(refuseNew: boolean): void;
  subscribers(): number;
  close(): Promise<void>;
}

export async function startBinancePublicServer(): Promise<BinancePublicServer> {
  const requests: string[] = [];
  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://local');
    requests.push(url.pathname);
    if (server.silent) return;
    const timeAsked = requests.filter((path) => path.endsWith('/time')).length;
    if (url.pathname.endsWith('/time') && server.refusesTime(timeAsked)) reply(response, 500, {});
    else if (server.refuseWith !== null)
      reply(response, server.refuseWith, { code: 0, msg: 'restricted location' });
    else reply(response, 200, answerOf(url, server.nowMs()));
  });
  const streams = new WebSocketServer({ noServer: true });
  let refuseStreams = false;
  http.on('upgrade', (request, socket, head) => {
    if (refuseStreams) socket.destroy();
    else streams.handleUpgrade(request, socket, head, (stream) => onStream(stream));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const server: BinancePublicServer = {
    addresses: addressesAt(port),
    requests,
    refuseWith: null,
    refusesTime: () => false,
    silent: false,
    nowMs: steadyNowMs,
    closeMinute(symbol) {
      const nowMs = server.nowMs();
      const [openMs, o, h, l, c, v] = klines(nowMs - (nowMs % 60_000) - 60_000, 1, nowMs)[0] as unknown[];
      const k = { t: openMs, i: '1m', o, h, l, c, v, x: true };
      const message = JSON.stringify({ e: 'kline', E: nowMs, s: symbol, k });
      for (const stream of streams.clients) stream.send(message);
    },
    quote(symbol, bid, ask) {
      const message = JSON.stringify({ u: steadyNowMs(), s: symbol, b: bid, B: '1.5', a: ask, A: '2.5' });
      for (const stream of streams.clients) stream.send(message);
    },
    dropStreams(refuseNew) {
      refuseStreams = refuseNew;
      for (const stream of streams.clients) stream.terminate();
    },
    subscribers: () => streams.clients.size,
    async close() {
      for (const stream of streams.clients) stream.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}

function onStream(stream: WebSocket): void {
  stream.on('message', (data) => {
    const { id } = JSON.parse(String(data)) as { id: number };
    stream.send(JSON.stringify({ result: null, id }));
  });
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Binance's hosts lead to the local server, every other host to a port where nobody listens. */
function addressesAt(port: number): LiveAddresses {
  return {
    market: null,
    http: (url) =>
      url.replace(/^https:\/\/([^/]+)/, (_, host: string) =>
        host.endsWith('binance.com') ? `http://127.0.0.1:${port}` : 'http://127.0.0.1:9',
      ),
    streams(exchange) {
      const addresses = exchange.urls.api.ws as Record<string, string>;
      addresses.spot = `ws://127.0.0.1:${port}/stream/ws`;
    },
  };
}

function answerOf(url: URL, nowMs: number): unknown {
  const numberOf = (name: string): number => Number(url.searchParams.get(name));
  if (url.pathname.endsWith('/time')) return { serverTime: nowMs };
  if (url.pathname.endsWith('/exchangeInfo')) return exchangeInfo(nowMs);
  if (url.pathname.endsWith('/klines')) return klines(numberOf('startTime'), numberOf('limit'), nowMs);
  return Object.entries(SYMBOLS).map(([symbol, [, price]]) => ({
    symbol,
    bidPrice: price,
    bidQty: '1.0',
    askPrice: (Number(price) + 0.01).toFixed(2),
    askQty: '2.0',
  }));
}

/** From `startTime` on, at most 1,000, the minute that is still running too: as the venue does it. */
function klines(startMs: number, limit: number, nowMs: number): unknown[][] {
  const last = Math.floor(nowMs / 60_000) * 60_000;
  const count = Math.min(limit, 1000, (last - startMs) / 60_000 + 1);
  return Array.from({ length: count }, (_, index) => {
    const openMs = startMs + index * 60_000;
    const prices = ['60000.00', '60010.00', '59990.00', '60005.00'];
    return [openMs, ...prices, '1.5', openMs + 59_999, '0', 1, '0', '0', '0'];
  });
}

function exchangeInfo(nowMs: number): unknown {
  const symbols = Object.entries(SYMBOLS).map(([symbol, [base]]) => ({
    symbol,
    status: 'TRADING',
    baseAsset: base,
    baseAssetPrecision: 8,
    quoteAsset: 'USDT',
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ['LIMIT', 'MARKET'],
    icebergAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    permissions: ['SPOT'],
    filters: [
      { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000.00', tickSize: '0.01' },
      { filterType: 'LOT_SIZE', minQty: '0.00001', maxQty: '9000.0', stepSize: '0.00001' },
      { filterType: 'NOTIONAL', minNotional: '5.0', applyMinToMarket: true },
    ],
  }));
  return { timezone: 'UTC', serverTime: nowMs, rateLimits: [], exchangeFilters: [], symbols };
}
