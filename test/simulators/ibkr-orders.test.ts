/** Orders at the simulated Gateway, with a client as people use it, unchanged: values, not only kinds of messages. */
import {
  type CommissionReport,
  type Contract,
  EventName,
  type Execution,
  type Order,
  OrderAction,
  type OrderState,
  OrderType,
  SecType,
  TimeInForce,
} from '@stoqey/ib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type IbkrSimulator,
  type SimulatorOptions,
  startIbkrSimulator,
} from '../../simulators/ibkr/start.js';
import { disconnectClients, readyClient, type TwsClient } from './support/tws-client.js';

/** A Friday, 10:00 in New York and 9:00 in Chicago. */
const FRIDAY = Date.UTC(2026, 10, 20, 15, 0, 0);
const HOUR_MS = 60 * 60_000;
const NQ: Contract = { symbol: 'NQ', secType: SecType.FUT, exchange: 'CME', localSymbol: 'NQZ6' };
const APPLE: Contract = { symbol: 'AAPL', secType: SecType.STK, exchange: 'SMART', currency: 'USD' };
const NO_AMOUNT = Number.MAX_VALUE;
/** 1.797e308 on the wire, which the library reads as none. */
const NOTHING_REALIZED = undefined;

let simulator: IbkrSimulator;
let nowMs = FRIDAY;

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startIbkrSimulator({ wallMs: () => nowMs, ...options });
}
beforeEach(async () => {
  nowMs = FRIDAY;
  await start();
});
afterEach(async () => {
  disconnectClients();
  await simulator.close();
});

const ready = (clientId = 7): Promise<TwsClient> => readyClient(simulator.port, clientId);
const price = (at: string, size?: number) => simulator.simulation.setPrice('NQZ6', at, size);

/** What was sent until now has arrived. */
async function settled(client: TwsClient): Promise<void> {
  const before = client.of(EventName.currentTime).length;
  client.api.reqCurrentTime();
  await client.heard(EventName.currentTime, before + 1);
}

const limit = (action: OrderAction, lmtPrice: number, more: Partial<Order> = {}): Order => ({
  ...{ action, totalQuantity: 1, orderType: OrderType.LMT, lmtPrice, tif: TimeInForce.GTC, transmit: true },
  ...more,
});
const market = (action: OrderAction, totalQuantity = 1): Order => ({
  ...{ action, totalQuantity, orderType: OrderType.MKT, tif: TimeInForce.DAY, transmit: true },
});
const stop = (action: OrderAction, auxPrice: number, more: Partial<Order> = {}): Order => ({
  ...{ action, totalQuantity: 1, orderType: OrderType.STP, auxPrice, tif: TimeInForce.GTC, transmit: true },
  ...{ outsideRth: true, ...more },
});
/** Short at 15234, target 20 below, stop 10 above; only the stop, the last, is transmitted. */
const bracket = (from = 1): [number, Order][] => [
  [from, limit(OrderAction.SELL, 15_234, { transmit: false, orderRef: 'setup-1' })],
  [from + 1, limit(OrderAction.BUY, 15_214, { transmit: false, parentId: from })],
  [from + 2, stop(OrderAction.BUY, 15_244, { parentId: from })],
];

interface Told {
  readonly status: unknown;
  readonly filled: unknown;
  readonly remaining: unknown;
  readonly average: unknown;
  readonly whyHeld: unknown;
}
const statuses = (client: TwsClient, id: number): Told[] =>
  client
    .of(EventName.orderStatus)
    .filter(([its]) => its === id)
    .map(([, status, filled, remaining, average, , , , , whyHeld]) => ({
      status,
      filled,
      remaining,
      average,
      whyHeld,
    }));
const statusOf = (client: TwsClient, id: number) => statuses(client, id).at(-1)?.status;
const openOrders = (client: TwsClient) =>
  client.of(EventName.openOrder) as [number, Contract, Order, OrderState][];
const executions = (client: TwsClient) =>
  client.of(EventName.execDetails).map(([reqId, , execution]) => ({
    reqId,
    ...(execution as Execution),
  }));
const commissions = (client: TwsClient) =>
  client.of(EventName.commissionReport).map(([report]) => report as CommissionReport);
const refusals = (client: TwsClient, id: number) =>
  client.errors.filter((error) => error.id === id).map(({ code, text }) => [code, text]);
const WITHOUT_TEXT = 0;
const codes = (client: TwsClient, id: number) => refusals(client, id).map((one) => one[WITHOUT_TEXT]);

describe('an order', () => {
  it.each([157, 176, 178, 193])('is told as it was placed, at version %i', async (serverVersion) => {
    await start({ serverVersion });
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_240.25, { totalQuantity: 2, orderRef: 'ref-é' }));
    await client.heard(EventName.orderStatus);
    const [[id, contract, order, state]] = openOrders(client) as [[number, Contract, Order, OrderState]];
    expect([id, contract.localSymbol, contract.exchange, state.status]).toEqual([
      1,
      'NQZ6',
      'CME',
      'Submitted',
    ]);
    expect(order).toMatchObject({
      ...{ action: 'SELL', totalQuantity: 2, orderType: 'LMT', lmtPrice: 15_240.25, auxPrice: 0, tif: 'GTC' },
      ...{ account: 'DU1234567', clientId: 7, parentId: 0, outsideRth: false },
    });
    expect(statuses(client, 1)).toEqual([
      { status: 'Submitted', filled: 0, remaining: 2, average: 0, whyHeld: '' },
    ]);
    expect(client.errors).toEqual([]);
  });

  it('at the market takes what is offered, price after price: each its own execution, commission and average', async () => {
    const client = await ready();
    simulator.simulation.market('NQZ6').setDepth({ levels: 5, size: 2 });
    client.api.placeOrder(1, NQ, { ...market(OrderAction.SELL, 3), orderRef: 'mine' });
    await client.heard(EventName.commissionReport, 2);
    expect(
      executions(client).map(({ reqId, side, shares, price: at, cumQty, avgPrice, orderRef, time }) => ({
        ...{ reqId, side, shares, at, cumQty, avgPrice, orderRef, time },
      })),
    ).toEqual([
      {
        ...{ reqId: -1, side: 'SLD', shares: 2, at: 15_233.75, cumQty: 2, avgPrice: 15_233.75 },
        ...{ orderRef: 'mine', time: '20261120 10:00:00 US/Eastern' },
      },
      {
        ...{ reqId: -1, side: 'SLD', shares: 1, at: 15_233.5, cumQty: 3, avgPrice: 15_233.66666667 },
        ...{ orderRef: 'mine', time: '20261120 10:00:00 US/Eastern' },
      },
    ]);
    expect(commissions(client).map(({ commission, realizedPNL }) => [commission, realizedPNL])).toEqual([
      [4.5, NOTHING_REALIZED],
      [2.25, NOTHING_REALIZED],
    ]);
    expect(commissions(client).map(({ execId }) => execId)).toEqual(
      executions(client).map(({ execId }) => execId),
    );
    expect(statuses(client, 1).at(-1)).toMatchObject({
      ...{ status: 'Filled', filled: 3, remaining: 0, average: 15_233.66666667 },
    });
    // 11, then 5, 3 and 59, for each.
    const order = client.told
      .map(([name]) => name)
      .filter((name) =>
        ['execDetails', 'openOrder', 'orderStatus', 'commissionReport'].includes(String(name)),
      );
    expect(order).toEqual([
      ...['openOrder', 'orderStatus'],
      ...['execDetails', 'openOrder', 'orderStatus', 'commissionReport'],
      ...['execDetails', 'openOrder', 'orderStatus', 'commissionReport'],
    ]);
  });

  it('makes a position with its cost, and closes it with what it has made after both commissions', async () => {
    const client = await ready();
    client.api.reqPositions();
    client.api.placeOrder(1, NQ, market(OrderAction.SELL));
    await client.heard(EventName.commissionReport);
    const positions = () => client.of(EventName.position).map(([, , quantity, cost]) => [quantity, cost]);
    await settled(client);
    // 15233.75 times 20, less 2.25 of commission.
    expect(positions().at(-1)).toEqual([-1, 304_672.75]);
    price('15214');
    client.api.placeOrder(2, NQ, market(OrderAction.BUY));
    await client.heard(EventName.commissionReport, 2);
    await settled(client);
    // (15233.75 − 15214.25) × 20 − 2 × 2.25
    expect(commissions(client).at(-1)?.realizedPNL).toBe(385.5);
    expect(positions().at(-1)).toEqual([0, 0]);
    client.api.reqAccountSummary(1, 'All', 'TotalCashValue,InitMarginReq');
    await client.heard(EventName.accountSummaryEnd);
    expect(client.of(EventName.accountSummary).map(([, , tag, value]) => [tag, value])).toEqual([
      ['TotalCashValue', '100385.50'],
      ['InitMarginReq', '0.00'],
    ]);
  });

  it('rests until others trade at its price, and fills by what they trade there', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_240, { totalQuantity: 3 }));
    await client.heard(EventName.orderStatus);
    price('15239.75', 5);
    price('15240', 2);
    await settled(client);
    expect(statuses(client, 1).at(-1)).toEqual({
      ...{ status: 'Submitted', filled: 2, remaining: 1, average: 15_240, whyHeld: '' },
    });
    price('15241', 1);
    await settled(client);
    expect(statuses(client, 1).at(-1)).toMatchObject({ status: 'Filled', filled: 3, average: 15_240 });
    expect(executions(client).map(({ lastLiquidity }) => lastLiquidity)).toEqual([1, 1]);
  });

  it('that is immediate or cancelled takes what there is, and the rest is cancelled', async () => {
    const client = await ready();
    simulator.simulation.market('NQZ6').setDepth({ levels: 1, size: 1 });
    client.api.placeOrder(1, NQ, limit(OrderAction.BUY, 15_300, { totalQuantity: 4, tif: TimeInForce.IOC }));
    expect(await client.refused(1)).toEqual({ code: 202, text: 'Order Canceled - reason:' });
    expect(statuses(client, 1).at(-1)).toMatchObject({ status: 'Cancelled', filled: 1, remaining: 3 });
  });

  it('is heard of by none but the client that placed it; anyone can ask for all', async () => {
    const [mine, other] = [await ready(1), await ready(2)];
    mine.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    await mine.heard(EventName.orderStatus);
    await settled(other);
    expect(openOrders(other)).toEqual([]);
    other.api.reqOpenOrders();
    await other.heard(EventName.openOrderEnd);
    expect(openOrders(other)).toEqual([]);
    other.api.reqAllOpenOrders();
    await other.heard(EventName.openOrderEnd, 2);
    expect(openOrders(other).map(([id, , { clientId, lmtPrice }]) => [id, clientId, lmtPrice])).toEqual([
      [1, 1, 15_300],
    ]);
    // Told of an id, its next is higher.
    other.api.reqIds();
    expect((await other.heard(EventName.nextValidId, 2))[1]).toEqual([2]);
  });

  it('stays when its client goes, and is found again by the same id', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300, { orderRef: 'kept' }));
    await client.heard(EventName.orderStatus);
    disconnectClients();
    price('15301');
    const again = await ready(8);
    again.api.reqExecutions(1, {});
    await again.heard(EventName.execDetailsEnd);
    expect(
      executions(again).map(({ orderRef, clientId, orderId, reqId }) => [orderRef, clientId, orderId, reqId]),
    ).toEqual([['kept', 7, 1, 1]]);
    again.api.reqCompletedOrders(false);
    await again.heard(EventName.completedOrdersEnd);
    const [[, order, state]] = again.of(EventName.completedOrder) as [[Contract, Order, OrderState]];
    expect(order).toMatchObject({ orderRef: 'kept', filledQuantity: 1, action: 'SELL', lmtPrice: 15_300 });
    expect(state).toMatchObject({
      ...{
        status: 'Filled',
        completedStatus: 'Filled Size: 1',
        completedTime: '20261120 10:00:00 US/Eastern',
      },
    });
  });
});

describe('an order is refused', () => {
  const good = limit(OrderAction.SELL, 15_300);
  it.each<[string, Contract, Order, number, string | RegExp]>([
    ['off its tick', NQ, { ...good, lmtPrice: 15_300.1 }, 110, /minimum price variation/],
    ['without a size', NQ, { ...good, totalQuantity: 0 }, 434, 'The order size cannot be zero.'],
    ['for half a contract', NQ, { ...good, totalQuantity: 0.5 }, 10_243, /Fractional-sized/],
    ['for less than none', NQ, { ...good, totalQuantity: -1 }, 321, /Invalid order size: -1/],
    ['without its limit', NQ, { ...good, lmtPrice: NO_AMOUNT }, 321, /Missing limit price/],
    ['without its stop', NQ, { ...good, orderType: OrderType.STP }, 403, 'Invalid stop price.'],
    [
      'of a type that is not built',
      NQ,
      { ...good, orderType: OrderType.TRAIL },
      387,
      /Unsupported order type/,
    ],
    ['with a time in force that is none', NQ, { ...good, tif: 'GTX' as TimeInForce }, 10_052, /GTX/],
    ['for another account', NQ, { ...good, account: 'U1' }, 321, /Invalid account code 'U1'/],
    ['for the continuous future', { ...NQ, secType: SecType.CONTFUT }, good, 321, /security type/],
    ['for an expired month', { ...NQ, localSymbol: 'NQU6' }, good, 200, /No security definition/],
    ['for one month of several', { ...NQ, localSymbol: '' }, good, 321, /local symbol or an expiry/],
    ['with what is not built', NQ, { ...good, hidden: true }, 321, /hidden is not built here/],
    ['with a condition of time', NQ, { ...good, goodAfterTime: '20261121 10:00:00' }, 321, /goodAfterTime/],
    ['of a parent that there is not', NQ, { ...good, parentId: 9 }, 135, "Can't find order with id =9"],
    ['with a group of a kind that is none', NQ, { ...good, ocaGroup: 'a', ocaType: 4 }, 321, /OCA type 4/],
  ])('%s', async (_, contract, order, code, words) => {
    const client = await ready();
    client.api.placeOrder(1, contract, order);
    const refusal = await client.refused(1);
    expect(refusal.code).toBe(code);
    expect(refusal.text).toMatch(words);
    await settled(client);
    expect(openOrders(client)).toEqual([]);
    expect(simulator.simulation.orders.open).toEqual([]);
  });

  it('in dollars where the exchange quotes in cents', async () => {
    await start({ commodities: ['ZC'] });
    const corn: Contract = { symbol: 'ZC', secType: SecType.FUT, exchange: 'CBOT', localSymbol: 'ZCZ6' };
    const client = await ready();
    client.api.placeOrder(1, corn, limit(OrderAction.BUY, 4.4525));
    expect((await client.refused(1)).code).toBe(110);
    client.api.placeOrder(2, corn, limit(OrderAction.BUY, 445.5));
    await client.heard(EventName.commissionReport);
    expect(executions(client)).toMatchObject([{ orderId: 2, price: 445.5, avgPrice: 445.5 }]);
  });

  it('where equity does not reach for the position, with the orders that would make it: 201, then Inactive', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300, { totalQuantity: 4 }));
    client.api.placeOrder(2, NQ, limit(OrderAction.SELL, 15_300));
    expect(await client.refused(2)).toEqual({
      code: 201,
      text: 'Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION YOUR EQUITY WITH LOAN VALUE [99997.75 USD] MUST EXCEED THE INITIAL MARGIN [105000.00 USD]',
    });
    await settled(client);
    expect([statusOf(client, 1), statusOf(client, 2)]).toEqual(['Submitted', 'Inactive']);
    // What makes a position smaller needs nothing.
    client.api.placeOrder(3, NQ, market(OrderAction.BUY));
    await client.heard(EventName.commissionReport);
    expect(statusOf(client, 3)).toBe('Filled');
  });

  it('with id 0, with an id from before, and of one of several accounts that it does not name', async () => {
    await start({
      accounts: [
        { id: 'DU1', cash: '100000.00' },
        { id: 'DU2', cash: '100000.00' },
      ],
    });
    const client = await ready();
    client.api.placeOrder(0, NQ, good);
    expect(await client.refused(0)).toEqual({ code: 10_149, text: 'Invalid order id: 0.' });
    client.api.placeOrder(5, NQ, good);
    expect(await client.refused(5)).toEqual({ code: 435, text: 'You must specify an account.' });
    client.api.placeOrder(6, NQ, { ...good, account: 'DU2' });
    await client.heard(EventName.orderStatus);
    client.api.placeOrder(5, NQ, { ...good, account: 'DU2' });
    await settled(client);
    expect(codes(client, 5)).toEqual([435, 103]);
    expect(openOrders(client)[0]?.[2].account).toBe('DU2');
  });
});

describe('a used id', () => {
  it('modifies: price, size and time in force, and takes effect at once', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_250.5, { totalQuantity: 2 }));
    await client.heard(EventName.orderStatus, 2);
    expect(openOrders(client).map(([, , { lmtPrice, totalQuantity }]) => [lmtPrice, totalQuantity])).toEqual([
      [15_300, 1],
      [15_250.5, 2],
    ]);
    expect(simulator.simulation.orders.open).toHaveLength(1);
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_230, { totalQuantity: 2 }));
    await client.heard(EventName.commissionReport);
    expect(executions(client).map(({ price: at, shares }) => [at, shares])).toEqual([[15_233.75, 2]]);
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    expect(await client.refused(1)).toEqual({ code: 104, text: 'Cannot modify a filled order.' });
  });

  it('does not make another order of it: 105 for another side or contract, 329 for another type, 103 where it has ended', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    await client.heard(EventName.orderStatus);
    client.api.placeOrder(1, NQ, limit(OrderAction.BUY, 15_200));
    client.api.placeOrder(1, { ...NQ, localSymbol: 'NQH7' }, limit(OrderAction.SELL, 15_300));
    client.api.placeOrder(1, NQ, market(OrderAction.SELL));
    await settled(client);
    expect(codes(client, 1)).toEqual([105, 105, 329]);
    client.api.cancelOrder(1);
    await settled(client);
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    await settled(client);
    expect(codes(client, 1).slice(3)).toEqual([202, 103]);
    expect(simulator.simulation.orders.open).toEqual([]);
  });

  it('of another client is an order of its own', async () => {
    const [one, two] = [await ready(1), await ready(2)];
    one.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    two.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_400));
    await one.heard(EventName.orderStatus);
    await two.heard(EventName.orderStatus);
    expect(
      simulator.simulation.orders.open.map(({ clientId, orderId, terms }) => [
        clientId,
        orderId,
        terms.limit,
      ]),
    ).toEqual([
      [1, 1, 61_200],
      [2, 1, 61_600],
    ]);
  });
});

describe('cancelling', () => {
  it('is for the client that placed it: another is told that there is no such order', async () => {
    const [mine, other] = [await ready(1), await ready(2)];
    mine.api.placeOrder(5, NQ, limit(OrderAction.SELL, 15_300));
    await mine.heard(EventName.orderStatus);
    other.api.cancelOrder(5);
    expect(await other.refused(5)).toEqual({
      code: 10_147,
      text: 'OrderId 5 that needs to be cancelled is not found.',
    });
    await settled(mine);
    expect(statusOf(mine, 5)).toBe('Submitted');
    mine.api.cancelOrder(5);
    expect(await mine.refused(5)).toEqual({ code: 202, text: 'Order Canceled - reason:' });
    expect(statusOf(mine, 5)).toBe('Cancelled');
    mine.api.cancelOrder(5);
    await settled(mine);
    expect(refusals(mine, 5)[1]).toEqual([
      10_148,
      'OrderId 5 that needs to be cancelled cannot be cancelled, state: Cancelled.',
    ]);
  });

  it('all ends the orders of everybody, stops and what was not transmitted too', async () => {
    const [one, two] = [await ready(1), await ready(2)];
    one.api.placeOrder(1, NQ, stop(OrderAction.BUY, 15_300));
    one.api.placeOrder(2, NQ, limit(OrderAction.SELL, 15_300, { transmit: false }));
    await settled(one);
    two.api.reqGlobalCancel();
    await settled(two);
    await settled(one);
    expect([statusOf(one, 1), statusOf(one, 2)]).toEqual(['Cancelled', 'Cancelled']);
    expect(codes(one, 1)).toEqual([202]);
    expect(simulator.simulation.orders.open).toEqual([]);
  });
});

describe('a bracket', () => {
  const place = (client: TwsClient, orders: readonly [number, Order][]) => {
    for (const [id, order] of orders) client.api.placeOrder(id, NQ, order);
  };

  it('rests in TWS, untold and untraded, until its last child is transmitted: parked where that never comes', async () => {
    const client = await ready();
    place(client, bracket().slice(0, 2));
    price('15300');
    await settled(client);
    expect(openOrders(client)).toEqual([]);
    client.api.reqOpenOrders();
    await client.heard(EventName.openOrderEnd);
    expect(openOrders(client).map(([id, , , { status }]) => [id, status])).toEqual([
      [1, 'Inactive'],
      [2, 'Inactive'],
    ]);
    expect(executions(client)).toEqual([]);
  });

  it('is transmitted as one; children wait for the parent, work when it is filled, and the sibling of a filled one is cancelled with 202', async () => {
    const client = await ready();
    price('15220');
    place(client, bracket());
    await client.heard(EventName.orderStatus, 3);
    expect([1, 2, 3].map((id) => statuses(client, id)[0])).toMatchObject([
      { status: 'Submitted', whyHeld: '' },
      { status: 'PreSubmitted', whyHeld: 'child' },
      { status: 'PreSubmitted', whyHeld: 'child,trigger' },
    ]);
    const [parent, target, protective] = openOrders(client).map(([, , order]) => order);
    expect([target?.parentId, protective?.parentId]).toEqual([1, 1]);
    expect([target?.ocaGroup, protective?.ocaGroup]).toEqual([
      String(parent?.permId),
      String(parent?.permId),
    ]);
    expect(protective).toMatchObject({ auxPrice: 15_244, lmtPrice: 0, tif: 'GTC', outsideRth: true });
    // A price that the target would fill at moves nothing while the parent rests.
    price('15214');
    await settled(client);
    expect(statusOf(client, 2)).toBe('PreSubmitted');
    price('15235');
    await settled(client);
    expect([1, 2, 3].map((id) => statuses(client, id).at(-1))).toMatchObject([
      { status: 'Filled', average: 15_234 },
      { status: 'Submitted', whyHeld: '' },
      { status: 'PreSubmitted', whyHeld: 'trigger' },
    ]);
    price('15244');
    await settled(client);
    expect(statuses(client, 3).slice(-2)).toMatchObject([
      { status: 'Submitted' },
      { status: 'Filled', average: 15_244.25 },
    ]);
    expect(statusOf(client, 2)).toBe('Cancelled');
    expect(codes(client, 2)).toEqual([202]);
    expect(commissions(client).map(({ realizedPNL }) => realizedPNL)).toEqual([NOTHING_REALIZED, -209.5]);
    expect(executions(client).map(({ orderId, orderRef }) => [orderId, orderRef])).toEqual([
      [1, 'setup-1'],
      [3, ''],
    ]);
  });

  it('ends with its parent; one child cancelled takes its sibling with it, and the position stays without either', async () => {
    const client = await ready();
    price('15220');
    place(client, bracket());
    client.api.cancelOrder(1);
    await client.heard(EventName.orderStatus, 6);
    expect([1, 2, 3].map((id) => statusOf(client, id))).toEqual(['Cancelled', 'Cancelled', 'Cancelled']);
    await settled(client);
    expect([1, 2, 3].map((id) => codes(client, id))).toEqual([[202], [202], [202]]);
    place(client, bracket(11));
    price('15235');
    client.api.cancelOrder(12);
    await settled(client);
    price('15235');
    await settled(client);
    client.api.cancelOrder(12);
    await settled(client);
    expect([statusOf(client, 12), statusOf(client, 13)]).toEqual(['Cancelled', 'Cancelled']);
  });

  it('of two whose parent is half filled has children that wait on', async () => {
    const client = await ready();
    price('15220');
    place(
      client,
      bracket().map(([id, order]) => [id, { ...order, totalQuantity: 2 }]),
    );
    await client.heard(EventName.orderStatus, 3);
    price('15234', 1);
    // The target would fill here.
    price('15213');
    await settled(client);
    expect([1, 2, 3].map((id) => statuses(client, id).at(-1))).toMatchObject([
      { status: 'Submitted', filled: 1 },
      { status: 'PreSubmitted', whyHeld: 'child' },
      { status: 'PreSubmitted', whyHeld: 'child,trigger' },
    ]);
  });

  it('has its stop moved without the parent’s id once the parent is filled: with it, 135, and nothing has changed', async () => {
    const client = await ready();
    price('15220');
    place(client, bracket());
    await client.heard(EventName.orderStatus, 3);
    price('15235');
    client.api.placeOrder(3, NQ, stop(OrderAction.BUY, 15_240, { parentId: 1 }));
    expect(await client.refused(3)).toEqual({ code: 135, text: "Can't find order with id =1" });
    const kept = simulator.simulation.orders.find(7, 3);
    expect(kept?.terms.stop).toBe(15_244 * 4);
    client.api.placeOrder(3, NQ, stop(OrderAction.BUY, 15_240));
    await settled(client);
    expect(kept?.terms.stop).toBe(15_240 * 4);
    expect(openOrders(client).at(-1)?.[2]).toMatchObject({ auxPrice: 15_240, parentId: 1 });
    price('15240');
    await settled(client);
    expect([statusOf(client, 2), statusOf(client, 3)]).toEqual(['Cancelled', 'Filled']);
  });

  it('without margin is rejected as one', async () => {
    await start({ accounts: [{ id: 'DU1234567', cash: '20000.00' }] });
    const client = await ready();
    place(client, bracket());
    expect((await client.refused(1)).code).toBe(201);
    await settled(client);
    expect([1, 2, 3].map((id) => statusOf(client, id))).toEqual(['Inactive', 'Cancelled', 'Cancelled']);
  });
});

describe('a group', () => {
  it('of kind 1 is cancelled at the first fill, of kind 3 reduced by it', async () => {
    const client = await ready();
    const pair = (from: number, ocaType: number) => {
      const group = { ocaGroup: `group ${ocaType}`, ocaType, totalQuantity: 2 };
      client.api.placeOrder(from, NQ, limit(OrderAction.SELL, 15_240, group));
      client.api.placeOrder(from + 1, NQ, limit(OrderAction.BUY, 15_228, group));
    };
    pair(1, 1);
    await client.heard(EventName.orderStatus, 2);
    price('15240', 1);
    await settled(client);
    expect(statuses(client, 1).at(-1)).toMatchObject({ status: 'Submitted', filled: 1 });
    expect(statusOf(client, 2)).toBe('Cancelled');
    client.api.cancelOrder(1);
    price('15234');
    pair(3, 3);
    await settled(client);
    price('15240', 1);
    await settled(client);
    expect(statuses(client, 4).at(-1)).toMatchObject({ status: 'Submitted', remaining: 1 });
    price('15240', 1);
    await settled(client);
    expect([statusOf(client, 3), statusOf(client, 4)]).toEqual(['Filled', 'Cancelled']);
  });
});

describe('a question what an order would need', () => {
  it('is answered with margins, and no order', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, { ...market(OrderAction.SELL, 2), whatIf: true });
    await client.heard(EventName.openOrder);
    const [[, , order, state]] = openOrders(client) as [[number, Contract, Order, OrderState]];
    expect(order.whatIf).toBe(true);
    expect(state).toMatchObject({
      ...{ initMarginBefore: 0, initMarginChange: 42_000, initMarginAfter: 42_000 },
      ...{ maintMarginChange: 38_000, equityWithLoanBefore: 100_000, equityWithLoanChange: -4.5 },
      ...{ equityWithLoanAfter: 99_995.5, commission: 4.5, commissionCurrency: 'USD' },
    });
    await settled(client);
    expect(client.of(EventName.orderStatus)).toEqual([]);
    expect(simulator.simulation.orders.open).toEqual([]);
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300));
    await client.heard(EventName.orderStatus);
  });
});

describe('hours', () => {
  const SATURDAY = FRIDAY + 24 * HOUR_MS;
  const SUNDAY_OPEN = Date.UTC(2026, 10, 22, 23, 0, 0);
  const NIGHT = Date.UTC(2026, 10, 23, 6, 0, 0);
  const at = async (client: TwsClient, ms: number) => {
    nowMs = ms;
    simulator.simulation.tick();
    await settled(client);
  };

  it('hold an order of the weekend until Sunday’s opening, with a warning that is no refusal', async () => {
    const client = await ready();
    await at(client, SATURDAY);
    client.api.placeOrder(1, NQ, market(OrderAction.BUY));
    expect(await client.refused(1)).toEqual({
      code: 399,
      text: 'Order Message:\nBUY 1 NQZ6\nWarning: your order will not be placed at the exchange until 2026-11-22 17:00:00 US/Central',
    });
    expect(statusOf(client, 1)).toBe('PreSubmitted');
    await at(client, SUNDAY_OPEN - 1);
    expect(statusOf(client, 1)).toBe('PreSubmitted');
    await at(client, SUNDAY_OPEN);
    expect(statusOf(client, 1)).toBe('Filled');
  });

  it('end a day order with its session, not one that is good till cancelled', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300, { tif: TimeInForce.DAY }));
    client.api.placeOrder(2, NQ, limit(OrderAction.SELL, 15_300));
    await client.heard(EventName.orderStatus, 2);
    const close = Date.UTC(2026, 10, 20, 22, 0, 0);
    await at(client, close - 1);
    expect(statusOf(client, 1)).toBe('Submitted');
    await at(client, close);
    expect([statusOf(client, 1), statusOf(client, 2)]).toEqual(['Cancelled', 'Submitted']);
    price('15301');
    await settled(client);
    expect(statusOf(client, 2)).toBe('Submitted');
    await at(client, SUNDAY_OPEN);
    price('15301');
    await settled(client);
    expect(statusOf(client, 2)).toBe('Filled');
  });

  it('let a stop sleep through the night unless it may trigger outside of regular ones', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, stop(OrderAction.BUY, 15_244, { outsideRth: false }));
    client.api.placeOrder(2, NQ, stop(OrderAction.BUY, 15_244));
    await client.heard(EventName.orderStatus, 2);
    await at(client, NIGHT);
    price('15250');
    await settled(client);
    expect([statusOf(client, 1), statusOf(client, 2)]).toEqual(['PreSubmitted', 'Filled']);
    await at(client, NIGHT + 9 * HOUR_MS);
    price('15250');
    await settled(client);
    expect(statusOf(client, 1)).toBe('Filled');
  });

  it('need no word for limits of a future: that the word is ignored is told with 2109, and the order works', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, limit(OrderAction.SELL, 15_300, { outsideRth: true }));
    await settled(client);
    expect(codes(client, 1)).toEqual([2109]);
    expect(statusOf(client, 1)).toBe('Submitted');
    client.api.placeOrder(2, NQ, stop(OrderAction.BUY, 15_400));
    await settled(client);
    expect(codes(client, 2)).toEqual([]);
  });

  it('of a stock are the regular ones, unless it may trade outside of them', async () => {
    const client = await ready();
    await at(client, FRIDAY + 7 * HOUR_MS);
    client.api.placeOrder(1, APPLE, limit(OrderAction.BUY, 220));
    client.api.placeOrder(2, APPLE, limit(OrderAction.BUY, 220, { outsideRth: true }));
    await client.heard(EventName.commissionReport);
    await settled(client);
    expect([statusOf(client, 1), statusOf(client, 2)]).toEqual(['PreSubmitted', 'Filled']);
    expect(codes(client, 1)).toEqual([399]);
    // At least a dollar.
    expect(commissions(client).map(({ commission }) => commission)).toEqual([1]);
  });

  it('mean nothing while the instrument is halted', async () => {
    const client = await ready();
    simulator.simulation.market('NQZ6').halted = true;
    client.api.placeOrder(1, NQ, market(OrderAction.BUY));
    await settled(client);
    price('15300');
    await settled(client);
    expect(statusOf(client, 1)).toBe('Submitted');
    simulator.simulation.market('NQZ6').halted = false;
    price('15300');
    await settled(client);
    expect(statuses(client, 1).at(-1)).toMatchObject({ status: 'Filled', average: 15_300.25 });
  });
});

describe('executions', () => {
  const ask = async (client: TwsClient, reqId: number, filter: object = {}) => {
    client.api.reqExecutions(reqId, filter);
    const before = client.of(EventName.execDetailsEnd).length;
    await client.heard(EventName.execDetailsEnd, before + 1);
    return executions(client).filter((one) => one.reqId === reqId);
  };

  it('are given again by what is asked: client, side, symbol, time', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, market(OrderAction.SELL));
    await client.heard(EventName.commissionReport);
    nowMs += HOUR_MS;
    client.api.placeOrder(2, NQ, market(OrderAction.BUY));
    await client.heard(EventName.commissionReport, 2);
    const ids = async (reqId: number, filter: object) =>
      (await ask(client, reqId, filter)).map(({ orderId }) => orderId);
    expect(await ids(1, {})).toEqual([1, 2]);
    expect(await ids(2, { side: 'BUY' })).toEqual([2]);
    expect(await ids(3, { clientId: '8' })).toEqual([]);
    expect(await ids(4, { symbol: 'ES' })).toEqual([]);
    expect(await ids(5, { time: '20261120-15:30:00' })).toEqual([2]);
    // With each its commission again.
    expect(commissions(client)).toHaveLength(2 + 2 + 1 + 0 + 0 + 1);
  });

  it('of before midnight are gone; the position is not', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, market(OrderAction.SELL));
    await client.heard(EventName.commissionReport);
    const midnight = Date.UTC(2026, 10, 21, 5, 0, 0);
    nowMs = midnight - 1;
    expect(await ask(client, 1)).toHaveLength(1);
    nowMs = midnight;
    expect(await ask(client, 2)).toEqual([]);
    client.api.reqPositions();
    await client.heard(EventName.positionEnd);
    expect(client.of(EventName.position).map(([, , quantity]) => quantity)).toEqual([-1]);
  });

  it('are corrected: the same trade under the next number, with another price; the money follows', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, market(OrderAction.SELL));
    await client.heard(EventName.commissionReport);
    const [first] = executions(client);
    const response = await fetch(`http://${simulator.address}/_simulator/correct`, {
      method: 'POST',
      body: JSON.stringify({ execId: first?.execId, price: '15230.75' }),
    });
    expect(response.status).toBe(200);
    await client.heard(EventName.commissionReport, 2);
    const [, second] = executions(client);
    expect(first?.execId).toMatch(/\.01$/);
    expect(second?.execId).toBe(first?.execId?.replace(/\.01$/, '.02'));
    expect(second).toMatchObject({ price: 15_230.75, avgPrice: 15_230.75, shares: 1, cumQty: 1 });
    client.api.reqPositions();
    await client.heard(EventName.positionEnd);
    expect(client.of(EventName.position).at(-1)?.slice(2)).toEqual([-1, 304_612.75]);
    expect(await ask(client, 1)).toHaveLength(2);
  });

  it('are taken back: corrected to nothing, and the position is as before', async () => {
    const client = await ready();
    client.api.reqPositions();
    client.api.placeOrder(1, NQ, market(OrderAction.SELL));
    await client.heard(EventName.commissionReport);
    const execution = simulator.simulation.orders.executions.find(executions(client)[0]?.execId ?? '');
    if (execution === undefined) throw new Error('no execution');
    simulator.simulation.orders.bust(execution);
    await client.heard(EventName.commissionReport, 2);
    await settled(client);
    expect(executions(client).map(({ shares }) => shares)).toEqual([1, 0]);
    expect(client.of(EventName.position).at(-1)?.[2]).toBe(0);
    expect(simulator.simulation.accounts.get('DU1234567')?.positions.size).toBe(0);
  });
});

describe('the market', () => {
  it('offers no more than it has, and shows it: what an order has taken is gone from the quote', async () => {
    const client = await ready();
    simulator.simulation.market('NQZ6').setDepth({ levels: 2, size: 1 });
    client.api.reqMktData(1, NQ, '', false, false);
    await client.heard(EventName.tickGeneric);
    client.api.placeOrder(1, NQ, market(OrderAction.BUY, 3));
    await client.heard(EventName.commissionReport, 2);
    await settled(client);
    const ask = client.of(EventName.tickPrice).filter(([, type]) => type === 2);
    expect(ask.map(([, , at]) => at)).toEqual([15_234.25, 15_234.5, -1]);
    expect(statuses(client, 1).at(-1)).toMatchObject({ status: 'Submitted', filled: 2, remaining: 1 });
    price('15234.5');
    await settled(client);
    expect(statuses(client, 1).at(-1)).toMatchObject({ status: 'Filled', filled: 3, average: 15_234.5 });
  });
});
