/** Orders (3, 4, 58), lists of them (5, 15, 16, 99), executions (7), and their reports to clients. */
import { DateTime } from 'luxon';
import { withoutExchange } from '../contracts.js';
import { averageText, finerText, moneyText, priceText } from '../decimals.js';
import { commissionOf, marginsWith } from '../orders/costs.js';
import type { Execution } from '../orders/executions.js';
import type { Order } from '../orders/order.js';
import type { Teller } from '../orders/orders.js';
import { refused } from '../refusal.js';
import type { Session } from '../session.js';
import type { Simulation } from '../simulation.js';
import { NO_AMOUNT, type ValuesOf } from '../wire/fields.js';
import {
  CANCEL_ORDER,
  PLACE_ORDER,
  REQ_ALL_OPEN_ORDERS,
  REQ_AUTO_OPEN_ORDERS,
  REQ_COMPLETED_ORDERS,
  REQ_EXECUTIONS,
  REQ_GLOBAL_CANCEL,
  REQ_OPEN_ORDERS,
} from '../wire/from-client.js';
import {
  COMMISSION_REPORT,
  COMPLETED_ORDER,
  COMPLETED_ORDERS_END,
  EXECUTION_DATA,
  EXECUTION_DATA_END,
  OPEN_ORDER,
  OPEN_ORDER_END,
  ORDER_STATUS,
} from '../wire/to-client.js';
import { on } from './handler.js';
import { timeOf } from './times.js';

const BIND_BY_OTHERS = {
  code: 327,
  text: 'Only API connections with clientId set to 0 can set the auto bind TWS orders property.',
};
/** The request id of an execution that was not requested. */
const UNASKED = -1;

export const ORDER_HANDLERS = [
  on(PLACE_ORDER, (session, asked) => {
    const refusal = session.simulation.orders.place(clientOf(session), asked);
    if (refusal !== null) session.error(asked.orderId, refusal);
  }),
  on(CANCEL_ORDER, (session, { orderId }) => {
    if (orderId === null) return session.error(null, refused.reading('orderId is missing'));
    const refusal = session.simulation.orders.cancel(clientOf(session), orderId);
    if (refusal !== null) session.error(orderId, refusal);
  }),
  on(REQ_GLOBAL_CANCEL, (session) => session.simulation.orders.cancelAll()),
  on(REQ_OPEN_ORDERS, (session) => {
    const { orders } = session.simulation;
    if (session.clientId === 0) orders.bind();
    listOrders(
      session,
      orders.open.filter(({ clientId }) => clientId === session.clientId),
    );
  }),
  on(REQ_ALL_OPEN_ORDERS, (session) => listOrders(session, session.simulation.orders.open)),
  on(REQ_AUTO_OPEN_ORDERS, (session, { autoBind }) => {
    if (session.clientId !== 0) return session.error(null, BIND_BY_OTHERS);
    session.subscriptions.bindsByHand = autoBind;
    if (autoBind) session.simulation.orders.bind();
  }),
  on(REQ_COMPLETED_ORDERS, (session, { apiOnly }) => {
    for (const order of session.simulation.orders.completed)
      if (!apiOnly || order.orderId > 0) sendCompleted(session, order);
    session.send(COMPLETED_ORDERS_END, {});
  }),
  on(REQ_EXECUTIONS, (session, asked) => {
    const since = asked.time === '' ? 0 : timeOf(asked.time, session.simulation.zone);
    if (since === null) return session.error(asked.reqId, refused.validating(`Invalid time ${asked.time}`));
    const { simulation } = session;
    for (const execution of simulation.orders.executions.today(simulation.nowMs(), simulation.zone)) {
      if (execution.atMs < since || !isAsked(execution, asked)) continue;
      sendExecution(session, asked.reqId, execution);
      sendCommission(session, execution);
    }
    session.send(EXECUTION_DATA_END, { reqId: asked.reqId });
  }),
];

const clientOf = (session: Session): number => session.clientId ?? 0;

function listOrders(session: Session, orders: readonly Order[]): void {
  for (const order of orders) sendOrder(session, order);
  session.send(OPEN_ORDER_END, {});
}

function isAsked(
  { order: { clientId, terms } }: Execution,
  asked: ValuesOf<typeof REQ_EXECUTIONS.fields>,
): boolean {
  const { account, instrument, action } = terms;
  return (
    (asked.clientId === null || asked.clientId === 0 || asked.clientId === clientId) &&
    (asked.account === '' || asked.account === account.id) &&
    (asked.symbol === '' || asked.symbol === instrument.symbol) &&
    (asked.secType === '' || asked.secType === instrument.secType) &&
    (asked.exchange === '' || asked.exchange === instrument.exchange) &&
    (asked.side === '' || asked.side === action)
  );
}

/** Reports an order to the client that placed it, if connected. */
export function tellClients(simulation: Simulation): Teller {
  const owner = ({ clientId, orderId }: Order): Session | undefined =>
    orderId === 0 ? undefined : simulation.clients.get(clientId);
  const tell = (order: Order, send: (session: Session) => void) =>
    simulation.link.through(() => {
      const session = owner(order);
      if (session !== undefined) send(session);
    });
  return {
    order: (order) => tell(order, (session) => sendOrder(session, order)),
    refused: (clientId, orderId, refusal) => {
      if (orderId !== 0)
        simulation.link.through(() => simulation.clients.get(clientId)?.error(orderId, refusal));
    },
    execution: (execution) => tell(execution.order, (session) => sendExecution(session, UNASKED, execution)),
    commission: (execution) => tell(execution.order, (session) => sendCommission(session, execution)),
    whatIf: (order) => tell(order, (session) => sendOpenOrder(session, order, whatIfOf(order))),
  };
}

/** Sends message 5, then 3. */
function sendOrder(session: Session, order: Order): void {
  if (session.clientId !== null) session.simulation.usedOrderId(session.clientId, order.orderId);
  sendOpenOrder(session, order, {});
  const { instrument, parent } = order.terms;
  session.send(ORDER_STATUS, {
    orderId: order.orderId,
    status: order.status,
    filled: String(order.filled),
    remaining: String(order.remaining),
    avgFillPrice: averageText(order.turnover, order.filled, instrument.tick),
    permId: order.permId,
    parentId: parent?.orderId ?? 0,
    lastFillPrice: priceText(order.lastFill, instrument.tick),
    clientId: order.clientId,
    whyHeld: order.whyHeld,
    mktCapPrice: '0',
  });
}

function sendOpenOrder(session: Session, order: Order, more: Partial<ReturnType<typeof whatIfOf>>): void {
  session.send(OPEN_ORDER, {
    orderId: order.orderId,
    ...termsOf(order),
    clientId: order.clientId,
    permId: order.permId,
    outsideRth: order.terms.outsideRth,
    ocaType: order.terms.ocaType,
    parentId: order.terms.parent?.orderId ?? 0,
    status: order.status,
    ...more,
  });
}

/** Margins of the account now, and with the order filled. */
function whatIfOf(order: Order) {
  const { account, instrument, quantity, action } = order.terms;
  const held = account.positions.get(instrument.conId)?.quantity ?? 0;
  const now = marginsWith(account, instrument, held);
  const then = marginsWith(account, instrument, held + (action === 'BUY' ? quantity : -quantity));
  const commission = commissionOf(instrument, quantity, action);
  const equity = account.netLiquidation;
  return {
    whatIf: true,
    status: 'PreSubmitted',
    initMarginBefore: moneyText(now.initial),
    maintMarginBefore: moneyText(now.maintenance),
    equityWithLoanBefore: moneyText(equity),
    initMarginChange: moneyText(then.initial - now.initial),
    maintMarginChange: moneyText(then.maintenance - now.maintenance),
    equityWithLoanChange: moneyText(-commission),
    initMarginAfter: moneyText(then.initial),
    maintMarginAfter: moneyText(then.maintenance),
    equityWithLoanAfter: moneyText(equity - commission),
    commission: finerText(commission),
    minCommission: '',
    maxCommission: '',
    commissionCurrency: instrument.currency,
  };
}

function termsOf({ terms }: Order) {
  const { instrument, limit, stop } = terms;
  return {
    ...withoutExchange(instrument, '?'),
    exchange: terms.exchange,
    action: terms.action,
    totalQuantity: String(terms.quantity),
    orderType: terms.type,
    lmtPrice: limit === null ? '0' : priceText(limit, instrument.tick),
    auxPrice: stop === null ? '0' : priceText(stop, instrument.tick),
    tif: terms.tif,
    ocaGroup: terms.ocaGroup,
    account: terms.account.id,
    orderRef: terms.orderRef,
  };
}

function sendCompleted(session: Session, order: Order): void {
  const { terms, status, filled, permId, endedMs } = order;
  session.send(COMPLETED_ORDER, {
    ...termsOf(order),
    permId,
    outsideRth: terms.outsideRth,
    ocaType: terms.ocaType,
    status,
    filledQuantity: String(filled),
    parentPermId: terms.parent?.permId ?? 0,
    completedTime: inZone(session, endedMs ?? 0),
    completedStatus: status === 'Filled' ? `Filled Size: ${filled}` : 'Cancelled by Trader',
  });
}

function sendExecution(session: Session, reqId: number | null, execution: Execution): void {
  const { order, quantity, ticks, filled, turnover } = execution;
  const { instrument, account, exchange, action, orderRef } = order.terms;
  session.send(EXECUTION_DATA, {
    reqId,
    orderId: execution.orderId,
    ...withoutExchange(instrument, '?'),
    exchange,
    execId: execution.execId,
    time: inZone(session, execution.atMs),
    account: account.id,
    executionExchange: instrument.primaryExchange || instrument.exchange,
    side: action === 'BUY' ? 'BOT' : 'SLD',
    shares: String(quantity),
    price: priceText(ticks, instrument.tick),
    permId: order.permId,
    clientId: order.clientId,
    liquidation: 0,
    cumQty: String(filled),
    avgPrice: averageText(turnover, filled, instrument.tick),
    orderRef,
    evRule: '',
    evMultiplier: '0',
    modelCode: '',
    lastLiquidity: execution.added ? 1 : 2,
    pendingPriceRevision: false,
  });
}

function sendCommission(session: Session, { execId, commission, realized, order }: Execution): void {
  session.send(COMMISSION_REPORT, {
    execId,
    commission: finerText(commission),
    currency: order.terms.instrument.currency,
    realizedPNL: realized === null ? NO_AMOUNT : moneyText(realized),
    yield: NO_AMOUNT,
    yieldRedemptionDate: null,
  });
}

function inZone({ simulation: { zone } }: Session, atMs: number): string {
  return `${DateTime.fromMillis(atMs, { zone }).toFormat('yyyyMMdd HH:mm:ss')} ${zone}`;
}
