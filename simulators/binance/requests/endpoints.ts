/** Every request that the simulator answers, by REST path and by name on the WebSocket API. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import {
  accountInfo,
  apiRestrictions,
  bnbBurn,
  commissionRates,
  myFilters,
  setBnbBurn,
  tradeFees,
  unfilledOrders,
} from './account-queries.js';
import { amendments, amendOrder } from './amend-order.js';
import type { Security } from './authentication.js';
import { cancelAll, cancelOrder, cancelOrderList } from './cancel-order.js';
import { cancelReplace } from './cancel-replace.js';
import {
  aggregateTrades,
  bookTickers,
  candleList,
  currentAverage,
  dayTickers,
  depth,
  exchangeInfo,
  historicalTrades,
  priceTickers,
  referencePrice,
  trades,
  tradingDayTickers,
  windowTickers,
} from './market-queries.js';
import {
  allLists,
  allOrders,
  allocations,
  myTrades,
  oneList,
  oneOrder,
  openLists,
  openOrders,
  preventedMatches,
} from './order-queries.js';
import type { Parameters } from './parameters.js';
import { placeOrder, testOrder } from './place-order.js';
import { placeOco, placeOldOco, placeOto, placeOtoco, refuseOpo } from './place-order-list.js';
import {
  accountStatus,
  assetDetails,
  coins,
  deposits,
  dividends,
  dustConversions,
  tradingStatus,
  transfers,
  userAssets,
  withdraw,
  withdrawals,
} from './wallet-queries.js';

type Values = ReadonlyMap<string, string>;

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly socketMethod: string | null;
  readonly security: Security;
  readonly weight: (values: Values) => number;
  /** Places orders, so the answer includes the count of unfilled orders. */
  readonly placesOrders: boolean;
  readonly run: (exchange: Exchange, key: ApiKey, parameters: Parameters) => unknown;
}

type Run = Endpoint['run'];
type PublicRun = (exchange: Exchange, parameters: Parameters) => unknown;
type Weight = number | Endpoint['weight'];
type Row = readonly [Endpoint['method'], string, string | null, Weight, Run];
type PublicRow = readonly ['GET', string, string | null, Weight, PublicRun];

const bySymbol = (one: number, all: number) => (values: Values) => (values.has('symbol') ? one : all);
const byDepth = (values: Values) => {
  const limit = Number(values.get('limit') ?? 100);
  return limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250;
};
const byOrder = (values: Values) => (values.has('orderId') ? 5 : 20);

const open: readonly PublicRow[] = [
  ['GET', '/api/v3/ping', 'ping', 1, () => ({})],
  ['GET', '/api/v3/time', 'time', 1, (exchange) => ({ serverTime: exchange.nowMs() })],
  ['GET', '/api/v3/exchangeInfo', 'exchangeInfo', 20, exchangeInfo],
  ['GET', '/api/v3/depth', 'depth', byDepth, depth],
  ['GET', '/api/v3/trades', 'trades.recent', 25, trades],
  ['GET', '/api/v3/historicalTrades', 'trades.historical', 25, historicalTrades],
  ['GET', '/api/v3/aggTrades', 'trades.aggregate', 4, aggregateTrades],
  ['GET', '/api/v3/klines', 'klines', 2, candleList],
  ['GET', '/api/v3/uiKlines', 'uiKlines', 2, candleList],
  ['GET', '/api/v3/avgPrice', 'avgPrice', 2, currentAverage],
  ['GET', '/api/v3/ticker/24hr', 'ticker.24hr', bySymbol(2, 80), dayTickers],
  ['GET', '/api/v3/ticker', 'ticker', 4, windowTickers],
  ['GET', '/api/v3/ticker/tradingDay', 'ticker.tradingDay', 4, tradingDayTickers],
  ['GET', '/api/v3/ticker/bookTicker', 'ticker.book', bySymbol(2, 4), bookTickers],
  ['GET', '/api/v3/ticker/price', 'ticker.price', bySymbol(2, 4), priceTickers],
  ['GET', '/api/v3/referencePrice', 'referencePrice', 2, referencePrice],
  ['GET', '/sapi/v1/system/status', null, 1, () => ({ status: 0, msg: 'normal' })],
];

const trading: readonly Row[] = [
  ['POST', '/api/v3/order', 'order.place', 1, placeOrder],
  ['POST', '/api/v3/order/test', 'order.test', 1, testOrder],
  ['DELETE', '/api/v3/order', 'order.cancel', 1, cancelOrder],
  ['POST', '/api/v3/order/cancelReplace', 'order.cancelReplace', 1, cancelReplace],
  ['PUT', '/api/v3/order/amend/keepPriority', 'order.amend.keepPriority', 4, amendOrder],
  ['DELETE', '/api/v3/openOrders', 'openOrders.cancelAll', 1, cancelAll],
  ['POST', '/api/v3/order/oco', 'orderList.place', 1, placeOldOco],
  ['POST', '/api/v3/orderList/oco', 'orderList.place.oco', 1, placeOco],
  ['POST', '/api/v3/orderList/oto', 'orderList.place.oto', 1, placeOto],
  ['POST', '/api/v3/orderList/otoco', 'orderList.place.otoco', 1, placeOtoco],
  ['POST', '/api/v3/orderList/opo', 'orderList.place.opo', 1, refuseOpo],
  ['POST', '/api/v3/orderList/opoco', 'orderList.place.opoco', 1, refuseOpo],
  ['DELETE', '/api/v3/orderList', 'orderList.cancel', 1, cancelOrderList],
];

const reading: readonly Row[] = [
  ['GET', '/api/v3/account', 'account.status', 20, accountInfo],
  ['GET', '/api/v3/account/commission', 'account.commission', 20, commissionRates],
  ['GET', '/api/v3/rateLimit/order', 'account.rateLimits.orders', 40, unfilledOrders],
  ['GET', '/api/v3/myFilters', 'myFilters', 40, myFilters],
  ['GET', '/api/v3/order', 'order.status', 4, oneOrder],
  ['GET', '/api/v3/openOrders', 'openOrders.status', bySymbol(6, 80), openOrders],
  ['GET', '/api/v3/allOrders', 'allOrders', 20, allOrders],
  ['GET', '/api/v3/order/amendments', 'order.amendments', 4, amendments],
  ['GET', '/api/v3/orderList', 'orderList.status', 4, oneList],
  ['GET', '/api/v3/openOrderList', 'openOrderLists.status', 6, openLists],
  ['GET', '/api/v3/allOrderList', 'allOrderLists', 20, allLists],
  ['GET', '/api/v3/myTrades', 'myTrades', byOrder, myTrades],
  ['GET', '/api/v3/myPreventedMatches', 'myPreventedMatches', byOrder, preventedMatches],
  ['GET', '/api/v3/myAllocations', 'myAllocations', 20, allocations],
  ['GET', '/sapi/v1/account/apiRestrictions', null, 1, apiRestrictions],
  ['GET', '/sapi/v1/account/status', null, 1, accountStatus],
  ['GET', '/sapi/v1/account/apiTradingStatus', null, 1, tradingStatus],
  ['GET', '/sapi/v1/asset/assetDetail', null, 1, assetDetails],
  ['POST', '/sapi/v3/asset/getUserAsset', null, 5, userAssets],
  ['GET', '/sapi/v1/asset/tradeFee', null, 1, tradeFees],
  ['GET', '/sapi/v1/bnbBurn', null, 1, bnbBurn],
  ['POST', '/sapi/v1/bnbBurn', null, 1, setBnbBurn],
  ['GET', '/sapi/v1/capital/config/getall', null, 10, coins],
  ['GET', '/sapi/v1/capital/deposit/hisrec', null, 1, deposits],
  ['GET', '/sapi/v1/capital/withdraw/history', null, 1, withdrawals],
  ['POST', '/sapi/v1/capital/withdraw/apply', null, 1, withdraw],
  ['GET', '/sapi/v1/asset/assetDividend', null, 10, dividends],
  ['GET', '/sapi/v1/asset/dribblet', null, 1, dustConversions],
  ['GET', '/sapi/v1/asset/transfer', null, 1, transfers],
  ['GET', '/sapi/v1/margin/allPairs', null, 1, () => []],
  ['GET', '/sapi/v1/margin/isolated/allPairs', null, 1, () => []],
];

const weightOf = (weight: Weight) => (typeof weight === 'number' ? () => weight : weight);

function secured(rows: readonly Row[], security: Security): Endpoint[] {
  return rows.map(([method, path, socketMethod, weight, run]) => ({
    method,
    path,
    socketMethod,
    security,
    weight: weightOf(weight),
    placesOrders: method === 'POST' && security === 'trade' && !path.endsWith('/test'),
    run,
  }));
}

export const ENDPOINTS: readonly Endpoint[] = [
  ...secured(
    open.map(([method, path, name, weight, run]) => [method, path, name, weight, (e, _k, p) => run(e, p)]),
    'none',
  ),
  ...secured(trading, 'trade'),
  ...secured(reading, 'read'),
];

export function endpointFor(method: string, path: string): Endpoint | undefined {
  return ENDPOINTS.find((one) => one.method === method && one.path === path);
}

export function endpointNamed(socketMethod: string): Endpoint | undefined {
  return ENDPOINTS.find((one) => one.socketMethod === socketMethod);
}
