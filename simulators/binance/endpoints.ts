/** Every request that the simulator answers, by REST path and by name on the WebSocket API. */
import type { ApiKey } from './accounts.js';
import type { Security } from './authentication.js';
import { cancelAll, cancelOrder } from './cancel-order.js';
import type { Exchange } from './exchange.js';
import type { Parameters } from './parameters.js';
import { placeOrder } from './place-order.js';
import {
  accountInfo,
  allOrders,
  apiRestrictions,
  bookTicker,
  candleList,
  depth,
  exchangeInfo,
  myTrades,
  oneOrder,
  openOrders,
  priceTicker,
} from './queries.js';

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly socketMethod: string | null;
  readonly security: Security;
  readonly weight: (values: ReadonlyMap<string, string>) => number;
  /** Counts against the limit of orders. */
  readonly countsAsOrder: boolean;
  readonly run: (exchange: Exchange, key: ApiKey, parameters: Parameters) => unknown;
}

const costs = (weight: number) => () => weight;
const bySymbol = (one: number, all: number) => (values: ReadonlyMap<string, string>) =>
  values.has('symbol') ? one : all;

type Row = [Endpoint['method'], string, string | null, Security, Endpoint['weight'], Endpoint['run']];

const nothing = (): unknown => ({});
const emptyList = (): unknown => [];

const rows: readonly Row[] = [
  ['GET', '/api/v3/ping', 'ping', 'none', costs(1), nothing],
  ['GET', '/api/v3/time', 'time', 'none', costs(1), (exchange) => ({ serverTime: exchange.nowMs() })],
  ['GET', '/api/v3/exchangeInfo', 'exchangeInfo', 'none', costs(20), (e, _k, p) => exchangeInfo(e, p)],
  ['GET', '/api/v3/depth', 'depth', 'none', costs(5), (e, _k, p) => depth(e, p)],
  ['GET', '/api/v3/klines', 'klines', 'none', costs(2), (e, _k, p) => candleList(e, p)],
  ['GET', '/api/v3/uiKlines', 'uiKlines', 'none', costs(2), (e, _k, p) => candleList(e, p)],
  ['GET', '/api/v3/ticker/bookTicker', 'ticker.book', 'none', bySymbol(2, 4), (e, _k, p) => bookTicker(e, p)],
  ['GET', '/api/v3/ticker/price', 'ticker.price', 'none', bySymbol(2, 4), (e, _k, p) => priceTicker(e, p)],
  ['GET', '/api/v3/account', 'account.status', 'read', costs(20), (e, k, p) => accountInfo(e, k.account, p)],
  ['POST', '/api/v3/order', 'order.place', 'trade', costs(1), (e, k, p) => placeOrder(e, k.account, p)],
  ['GET', '/api/v3/order', 'order.status', 'read', costs(4), (e, k, p) => oneOrder(e, k.account, p)],
  ['DELETE', '/api/v3/order', 'order.cancel', 'trade', costs(1), (e, k, p) => cancelOrder(e, k.account, p)],
  [
    'GET',
    '/api/v3/openOrders',
    'openOrders.status',
    'read',
    bySymbol(6, 80),
    (e, k, p) => openOrders(e, k.account, p),
  ],
  [
    'DELETE',
    '/api/v3/openOrders',
    'openOrders.cancelAll',
    'trade',
    costs(1),
    (e, k, p) => cancelAll(e, k.account, p),
  ],
  ['GET', '/api/v3/allOrders', 'allOrders', 'read', costs(20), (e, k, p) => allOrders(e, k.account, p)],
  ['GET', '/api/v3/myTrades', 'myTrades', 'read', tradesWeight, (e, k, p) => myTrades(e, k.account, p)],
  ['GET', '/sapi/v1/account/apiRestrictions', null, 'read', costs(1), (_e, k, p) => apiRestrictions(k, p)],
  ['GET', '/sapi/v1/capital/config/getall', null, 'read', costs(10), emptyList],
  ['GET', '/sapi/v1/margin/allPairs', null, 'read', costs(1), emptyList],
  ['GET', '/sapi/v1/margin/isolated/allPairs', null, 'read', costs(1), emptyList],
];

function tradesWeight(values: ReadonlyMap<string, string>): number {
  return values.has('orderId') ? 5 : 20;
}

const ENDPOINTS: readonly Endpoint[] = rows.map(([method, path, socketMethod, security, weight, run]) => ({
  method,
  path,
  socketMethod,
  security,
  weight,
  countsAsOrder: method === 'POST' && path === '/api/v3/order',
  run,
}));

export function endpointFor(method: string, path: string): Endpoint | undefined {
  return ENDPOINTS.find((one) => one.method === method && one.path === path);
}

export function endpointNamed(socketMethod: string): Endpoint | undefined {
  return ENDPOINTS.find((one) => one.socketMethod === socketMethod);
}
