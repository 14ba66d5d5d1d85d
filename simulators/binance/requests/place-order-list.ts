/** POST orderList/oco, /oto, /otoco and the older order/oco: several orders in one request, all or none. */
import type { ApiKey } from '../accounts.js';
import type { Exchange } from '../exchange/exchange.js';
import { checkCounts, checkFilters, checkListCount } from '../exchange/filters.js';
import type { Market } from '../exchange/market.js';
import { lockFor, work } from '../exchange/matching.js';
import {
  hasTrigger,
  type Order,
  type OrderKind,
  type OrderRequest,
  type SelfTradeMode,
} from '../exchange/order.js';
import { placedJson } from '../exchange/order-json.js';
import { listJson, type OrderList, refuseAtOnce, reportList } from '../exchange/order-lists.js';
import { lockShared } from '../exchange/settle.js';
import type { Parameters } from './parameters.js';
import { checkAdmission, newOrder } from './place-order.js';
import { readClientId, readMode, readOrder, readResponse, readSymbol } from './read-order.js';
import { badListPrices, duplicateOrder, Refusal } from './refusal.js';

/** The parameter names of one order in a list, after its prefix. */
const NAMES: Readonly<Record<string, string>> = {
  side: 'Side',
  type: 'Type',
  quantity: 'Quantity',
  price: 'Price',
  stopPrice: 'StopPrice',
  trailingDelta: 'TrailingDelta',
  timeInForce: 'TimeInForce',
  newClientOrderId: 'ClientOrderId',
  icebergQty: 'IcebergQty',
  strategyId: 'StrategyId',
  strategyType: 'StrategyType',
  pegPriceType: 'PegPriceType',
  pegOffsetType: 'PegOffsetType',
  pegOffsetValue: 'PegOffsetValue',
};

interface ListContext {
  readonly exchange: Exchange;
  readonly market: Market;
  readonly parameters: Parameters;
  readonly mode: SelfTradeMode;
  readonly account: string;
}

interface Wanted {
  readonly contingency: OrderList['contingency'];
  readonly working: OrderRequest | null;
  /** Two of them form a pair, only one of which can be executed. */
  readonly others: readonly OrderRequest[];
}

type Place = (exchange: Exchange, key: ApiKey, parameters: Parameters) => object;

function listPlacer(read: (context: ListContext) => Wanted): Place {
  return (exchange, { account }, parameters) => {
    const market = readSymbol(exchange, parameters);
    const mode = readMode(market.symbol, parameters);
    const wanted = read({ exchange, market, parameters, mode, account });
    const clientListId = readClientId(parameters, 'listClientOrderId');
    const response = readResponse(parameters, 'MARKET');
    parameters.finish();
    return place(exchange, account, { ...wanted, clientListId, response });
  };
}

const one = (context: ListContext, prefix: string, values: Record<string, string> = {}): OrderRequest =>
  readOrder(
    context.exchange,
    context.market,
    context.parameters.within(prefix, NAMES, { symbol: context.market.symbol.name, ...values }),
    context.mode,
  );

export const placeOco = listPlacer((context) => {
  const values = {
    side: context.parameters.required('side'),
    quantity: context.parameters.required('quantity'),
  };
  return { contingency: 'OCO', working: null, others: pair(context, ['above', 'below'], values) };
});

export const placeOto = listPlacer((context) => {
  const working = readWorking(context);
  const pending = one(context, 'pending');
  if (pending.kind === 'MARKET' && pending.quoteQuantity > 0n)
    throw new Refusal(-1014, 'Unsupported order combination.');
  return { contingency: 'OTO', working, others: [pending] };
});

export const placeOtoco = listPlacer((context) => {
  const working = readWorking(context);
  const values = {
    side: context.parameters.required('pendingSide'),
    quantity: context.parameters.required('pendingQuantity'),
  };
  return { contingency: 'OTO', working, others: pair(context, ['pendingAbove', 'pendingBelow'], values) };
});

/** The form from before 2024: a limit maker and a stop loss; the side decides which is above. */
export const placeOldOco: Place = (exchange, key, parameters) => {
  const side = parameters.required('side');
  const limit = side === 'SELL' ? 'above' : 'below';
  const stop = side === 'SELL' ? 'below' : 'above';
  const stopType = parameters.optional('stopLimitPrice') === null ? 'STOP_LOSS' : 'STOP_LOSS_LIMIT';
  return placeOco(
    exchange,
    key,
    parameters.renamed(
      {
        limitClientOrderId: `${limit}ClientOrderId`,
        price: `${limit}Price`,
        limitStrategyId: `${limit}StrategyId`,
        limitStrategyType: `${limit}StrategyType`,
        limitIcebergQty: `${limit}IcebergQty`,
        stopClientOrderId: `${stop}ClientOrderId`,
        stopPrice: `${stop}StopPrice`,
        trailingDelta: `${stop}TrailingDelta`,
        stopStrategyId: `${stop}StrategyId`,
        stopStrategyType: `${stop}StrategyType`,
        stopLimitPrice: `${stop}Price`,
        stopIcebergQty: `${stop}IcebergQty`,
        stopLimitTimeInForce: `${stop}TimeInForce`,
      },
      { [`${limit}Type`]: 'LIMIT_MAKER', [`${stop}Type`]: stopType },
    ),
  );
};

function readWorking(context: ListContext): OrderRequest {
  const working = one(context, 'working');
  if (working.kind !== 'LIMIT' && working.kind !== 'LIMIT_MAKER')
    throw new Refusal(-1014, 'Unsupported order combination.');
  return working;
}

const isStop = (kind: OrderKind) => kind.startsWith('STOP_LOSS');

function pair(
  context: ListContext,
  prefixes: readonly [string, string],
  values: Record<string, string>,
): readonly [OrderRequest, OrderRequest] {
  const above = one(context, prefixes[0], values);
  const below = one(context, prefixes[1], values);
  const kinds = [above.kind, below.kind];
  if (kinds.some((kind) => kind === 'MARKET' || kind === 'LIMIT'))
    throw new Refusal(-1158, 'Order type not supported in OCO.');
  if (kinds.every((kind) => kind === 'LIMIT_MAKER'))
    throw new Refusal(-1168, 'At least one OCO order must be contingent.');
  if (kinds.filter(isStop).length !== 1) throw new Refusal(-1158, 'Order type not supported in OCO.');
  checkSides(above, below);
  return [above, below];
}

/** A sell list stops out below and takes its profit above; a buy list the other way round. */
function checkSides(above: OrderRequest, below: OrderRequest): void {
  const sells = above.side === 'SELL';
  const [stop, profit] = isStop(above.kind) ? [above, below] : [below, above];
  const stopIsAbove = stop === above;
  if (sells && stopIsAbove) throw new Refusal(-1197, 'A stop loss order in a sell OCO must be below.');
  if (!sells && !stopIsAbove) throw new Refusal(-1196, 'A stop loss order in a buy OCO must be above.');
  const triggerOf = (order: OrderRequest) => (hasTrigger(order.kind) ? order.stopPrice : order.price);
  if (triggerOf(profit) > 0n && triggerOf(stop) > 0n && triggerOf(above) <= triggerOf(below))
    throw badListPrices();
}

interface Placing extends Wanted {
  readonly clientListId: string;
  readonly response: string;
}

function place(exchange: Exchange, account: string, wanted: Placing): object {
  const requests = [...(wanted.working === null ? [] : [wanted.working]), ...wanted.others];
  exchange.orderCounts.check(account, requests.length);
  checkAdmission(exchange, account, requests);
  const symbol = (requests[0] as OrderRequest).symbol;
  for (const request of requests) checkFilters(exchange, account, request);
  checkCounts(exchange, account, requests);
  checkListCount(exchange, account, symbol.name);
  if (
    exchange.lists.some(
      (list) => list.account === account && !list.done && list.clientListId === wanted.clientListId,
    )
  ) {
    throw duplicateOrder();
  }
  for (const request of wanted.working === null ? wanted.others : [wanted.working])
    refusePrices(exchange, request, wanted);
  const listId = exchange.nextListId;
  const working =
    wanted.working === null
      ? null
      : newOrder(exchange, account, wanted.working, { id: listId, status: 'NEW' });
  const status = working === null ? 'NEW' : 'PENDING_NEW';
  const others = wanted.others.map((request) => newOrder(exchange, account, request, { id: listId, status }));
  const twins: OrderList['pair'] = others.length === 2 ? [others[0] as Order, others[1] as Order] : null;
  if (working !== null) lockFor(exchange, working);
  else if (twins !== null) lockShared(exchange, twins);
  exchange.nextListId += 1;
  const nowMs = exchange.nowMs();
  const orders = [...(working === null ? [] : [working]), ...others];
  const list: OrderList = {
    listId,
    account,
    symbol,
    contingency: wanted.contingency,
    clientListId: wanted.clientListId,
    orders,
    working,
    pair: twins,
    createdMs: nowMs,
    updatedMs: nowMs,
    done: false,
  };
  exchange.lists.push(list);
  for (const order of orders) exchange.addOrder(order);
  exchange.orderCounts.accepted(account, orders.length);
  reportList(exchange, list);
  // Pending orders are shown as placed: what the working order sets off is reported afterwards.
  const pendingReports =
    working === null ? null : others.map((order) => placedJson(order, [], wanted.response));
  const reports = start(exchange, orders, wanted.response);
  return { ...listJson(list), orderReports: [...reports, ...(pendingReports ?? [])] };
}

/** A pair's prices are refused together, any other order's by themselves. */
function refusePrices(exchange: Exchange, request: OrderRequest, { working }: Wanted): void {
  try {
    refuseAtOnce(exchange, request);
  } catch (error) {
    if (error instanceof Refusal && working === null) throw badListPrices();
    throw error;
  }
}

/** Puts orders that need not wait on the book, and reports them. Pending orders are reported as such. */
function start(exchange: Exchange, orders: readonly Order[], response: string): object[] {
  const reports: object[] = [];
  for (const order of orders) {
    if (order.status === 'PENDING_NEW') {
      exchange.report(order, { kind: 'NEW' });
      continue;
    }
    if (order.status !== 'NEW') continue;
    if (hasTrigger(order.kind)) {
      exchange.report(order, { kind: 'NEW' });
      reports.push(placedJson(order, [], response));
    } else if (order.workingMs === -1) reports.push(placedJson(order, work(exchange, order), response));
  }
  return reports;
}

/** `opoAllowed` is false for every symbol. */
export function refuseOpo(): never {
  throw new Refusal(-2010, 'OPO orders are not supported for this symbol.');
}
