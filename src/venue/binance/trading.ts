/** Orders and cancels: each ends in one of the port's outcomes, whatever the wire does. */
import type { InstrumentId } from '../../domain/instrument.js';
import type { OrderIntent } from '../../domain/order.js';
import { NOT_SENT } from '../../domain/order-words.js';
import type { CancelOutcome, SendOutcome, VenueOrder } from '../../domain/venue.js';
import type { Approved } from '../../limits/gate.js';
import { VenueUnavailable } from '../port.js';
import type { Connection } from './connection.js';
import { fieldsOf, listOf } from './decode.js';
import type { Executions } from './executions.js';
import type { BinanceMarket } from './market.js';
import { orderParameters, readOrder } from './orders.js';
import { cancelOutcome, isFilterFailure, lookupOutcome, PARTLY_FILLED, sendOutcome } from './outcomes.js';

/** Above this many symbols, one request for the open orders of all of them is cheaper than one each. */
const SYMBOLS_ONE_BY_ONE_MAX = 13;

export interface TradingContext {
  readonly connection: Connection;
  readonly markets: readonly BinanceMarket[];
  readonly marketOf: (instrument: InstrumentId) => BinanceMarket;
  readonly executions: Executions;
  /** Key, symbols and account have been verified. */
  readonly verified: () => boolean;
  /** The exchange refused an order by a filter of its symbol. */
  readonly onFilterFailure: () => void;
}

export interface Trading {
  submit(order: Approved<OrderIntent>): Promise<SendOutcome>;
  cancel(clientId: string, instrument: InstrumentId): Promise<CancelOutcome>;
  orderByClientId(clientId: string, instrument: InstrumentId): Promise<VenueOrder | null>;
  openOrders(): Promise<readonly VenueOrder[]>;
}

export function createTrading(context: TradingContext): Trading {
  return {
    submit: (order) => submit(context, order),
    cancel: (clientId, instrument) => cancel(context, clientId, instrument),
    orderByClientId: (clientId, instrument) => lookUp(context, clientId, instrument),
    openOrders: () => openOrders(context),
  };
}

async function submit(context: TradingContext, order: Approved<OrderIntent>): Promise<SendOutcome> {
  const { requests, reader } = context.connection;
  const takesRisk = order.purpose === 'entry';
  if (takesRisk && !context.verified()) {
    const text = 'Not sent: key, symbols and account were not verified yet. Nothing new is opened before.';
    return { kind: 'rejected', code: NOT_SENT, text };
  }
  const market = context.marketOf(order.instrument);
  const parameters = parametersOf(order, market);
  if (parameters === null) {
    return { kind: 'rejected', code: NOT_SENT, text: `Not sent: a ${order.type} order without its price.` };
  }
  const answer = await requests.ask({
    name: 'POST order',
    weight: 1,
    urgency: takesRisk ? 'order' : 'urgent',
    countsAsOrder: true,
    safeToRepeat: false,
    send: (ccxt) => ccxt.privatePostOrder(parameters),
  });
  if (isFilterFailure(answer)) context.onFilterFailure();
  const outcome = sendOutcome(answer, order, market);
  if (answer.kind === 'answered') {
    if (outcome.kind === 'accepted') context.executions.onPlaced(answer.body, order, market);
    if (outcome.kind === 'unknown') reader.note('POST order', outcome.cause);
  }
  return outcome;
}

function parametersOf(order: OrderIntent, market: BinanceMarket): Record<string, string> | null {
  const price = order.type === 'limit' ? order.limitTicks : order.stopTicks;
  return order.type !== 'market' && price === null ? null : orderParameters(order, market);
}

async function cancel(
  context: TradingContext,
  clientId: string,
  instrument: InstrumentId,
): Promise<CancelOutcome> {
  const { requests, reader } = context.connection;
  const market = context.marketOf(instrument);
  const answer = await requests.ask({
    name: 'DELETE order',
    weight: 1,
    urgency: 'urgent',
    safeToRepeat: false,
    send: (ccxt) => ccxt.privateDeleteOrder({ symbol: market.symbol, origClientOrderId: clientId }),
  });
  const outcome = cancelOutcome(answer, clientId, market);
  if (answer.kind === 'answered' && outcome.kind === 'unknown' && outcome.cause !== PARTLY_FILLED)
    reader.note('DELETE order', outcome.cause);
  return outcome;
}

async function lookUp(
  context: TradingContext,
  clientId: string,
  instrument: InstrumentId,
): Promise<VenueOrder | null> {
  const { requests, reader } = context.connection;
  const market = context.marketOf(instrument);
  const answer = await requests.ask({
    name: 'GET order',
    weight: 4,
    urgency: 'urgent',
    safeToRepeat: true,
    send: (ccxt) => ccxt.privateGetOrder({ symbol: market.symbol, origClientOrderId: clientId }),
  });
  const lookup = lookupOutcome(answer, clientId, market);
  if (lookup.kind === 'found') {
    if (lookup.order !== null && answer.kind === 'answered') context.executions.onFound(answer.body, market);
    return lookup.order;
  }
  if (answer.kind === 'answered') reader.note('GET order', lookup.cause);
  throw new VenueUnavailable(`GET order: ${lookup.cause}`);
}

async function openOrders(context: TradingContext): Promise<readonly VenueOrder[]> {
  const { markets } = context;
  if (markets.length > SYMBOLS_ONE_BY_ONE_MAX) return readOpenOrders(context, {}, 80);
  const lists = await Promise.all(markets.map(({ symbol }) => readOpenOrders(context, { symbol }, 6)));
  return lists.flat();
}

/** Leaves out orders of symbols that are not the desk's, but includes those with a foreign client id. */
function readOpenOrders(
  context: TradingContext,
  query: Readonly<Record<string, string>>,
  weight: number,
): Promise<readonly VenueOrder[]> {
  return context.connection.reader.read({
    name: 'GET openOrders',
    weight,
    urgency: 'read',
    send: (ccxt) => ccxt.privateGetOpenOrders(query),
    decode: (body) =>
      listOf(body, 'open orders').flatMap((row) => {
        const { symbol } = fieldsOf(row, 'order');
        const market = context.markets.find((one) => one.symbol === symbol);
        return market === undefined ? [] : [readOrder(row, market)];
      }),
    unlisted: [],
  });
}
