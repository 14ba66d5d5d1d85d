/** What goes wrong at the simulated Gateway, each as a client sees it. */
import { connect } from 'node:net';
import {
  type Contract,
  EventName,
  type Order,
  OrderAction,
  OrderType,
  SecType,
  TimeInForce,
} from '@stoqey/ib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type IbkrSimulator, startIbkrSimulator } from '../../simulators/ibkr/start.js';
import { encodeFrame } from '../../simulators/ibkr/wire/frames.js';
import { disconnectClients, readyClient, TwsClient } from './support/tws-client.js';

/** A Friday, 10:00 in New York. */
const FRIDAY = Date.UTC(2026, 10, 20, 15, 0, 0);
const NQ: Contract = { symbol: 'NQ', secType: SecType.FUT, exchange: 'CME', localSymbol: 'NQZ6' };
const [PLACE_ORDER, EXECUTION, ORDER_STATUS, OPEN_ORDER, POSITION_END] = [3, 11, 3, 5, 62];
const WAIT = { timeout: 20_000, interval: 10 };

let simulator: IbkrSimulator;

beforeEach(async () => {
  simulator = await startIbkrSimulator({ wallMs: () => FRIDAY });
});
afterEach(async () => {
  disconnectClients();
  await simulator.close();
});

const ready = (clientId = 7): Promise<TwsClient> => readyClient(simulator.port, clientId);
const price = (at: string) => simulator.simulation.setPrice('NQZ6', at);
const stays = (lmtPrice = 15_300): Order => ({
  ...{ action: OrderAction.SELL, totalQuantity: 1, orderType: OrderType.LMT, lmtPrice },
  ...{ tif: TimeInForce.GTC, transmit: true },
});
const market = (action = OrderAction.SELL): Order => ({
  ...{ action, totalQuantity: 1, orderType: OrderType.MKT, transmit: true },
});

async function post(path: string, body: object): Promise<{ status: number; problem?: string }> {
  const response = await fetch(`http://${simulator.address}/_simulator/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  return { status: response.status, ...((await response.json()) as object) };
}
async function control(path: string, body: object): Promise<void> {
  const answer = await post(path, body);
  expect(answer.status, answer.problem).toBe(200);
}

/** What was sent until now has arrived. */
async function settled(client: TwsClient): Promise<void> {
  const before = client.of(EventName.currentTime).length;
  client.api.reqCurrentTime();
  await client.heard(EventName.currentTime, before + 1);
}
const statuses = (client: TwsClient) => client.of(EventName.orderStatus).map(([id, status]) => [id, status]);
const notices = (client: TwsClient) => client.infos.map(({ code }) => code).filter((code) => code !== 2158);
const openAtGateway = () =>
  simulator.simulation.orders.open.map(({ orderId, clientId }) => [clientId, orderId]);

describe('a request', () => {
  it('that is lost leaves nothing; only the first', async () => {
    const client = await ready();
    await control('fault', { request: PLACE_ORDER, effect: { kind: 'lose' } });
    client.api.placeOrder(1, NQ, stays());
    await settled(client);
    expect([openAtGateway(), statuses(client)]).toEqual([[], []]);
    client.api.placeOrder(2, NQ, stays());
    await settled(client);
    expect(openAtGateway()).toEqual([[7, 2]]);
  });

  it('that is taken and unanswered leaves an order that lists know of, and whose fill is told', async () => {
    const client = await ready();
    await control('fault', { request: PLACE_ORDER, effect: { kind: 'silence' } });
    client.api.placeOrder(1, NQ, stays());
    await settled(client);
    expect([openAtGateway(), statuses(client)]).toEqual([[[7, 1]], []]);
    client.api.reqOpenOrders();
    await client.heard(EventName.openOrderEnd);
    expect(statuses(client)).toEqual([[1, 'Submitted']]);
    price('15301');
    await settled(client);
    expect(statuses(client).at(-1)).toEqual([1, 'Filled']);
  });

  it('is refused with any code, in the name of its order', async () => {
    const client = await ready();
    await control('fault', {
      ...{ request: PLACE_ORDER, skip: 1, times: 2 },
      effect: { kind: 'refuse', code: 201, text: 'Order rejected - reason:no' },
    });
    for (const id of [1, 2, 3, 4]) client.api.placeOrder(id, NQ, stays());
    await settled(client);
    expect(client.errors.map(({ id, code, text }) => [id, code, text])).toEqual([
      [2, 201, 'Order rejected - reason:no'],
      [3, 201, 'Order rejected - reason:no'],
    ]);
    expect(openAtGateway()).toEqual([
      [7, 1],
      [7, 4],
    ]);
    await control('fault', { request: 4, effect: { kind: 'refuse', code: 504, text: 'Not connected' } });
    client.api.cancelOrder(4);
    expect(await client.refused(4)).toEqual({ code: 504, text: 'Not connected' });
  });
});

describe('a message of TWS', () => {
  it('is lost: the position has a fill that was never told, and that executions tell when asked', async () => {
    const client = await ready();
    await control('fault', { answer: EXECUTION, effect: { kind: 'lose' } });
    client.api.placeOrder(1, NQ, market());
    await client.heard(EventName.commissionReport);
    await settled(client);
    expect(client.of(EventName.execDetails)).toEqual([]);
    client.api.reqExecutions(1, {});
    await client.heard(EventName.execDetailsEnd);
    expect(client.of(EventName.execDetails)).toHaveLength(1);
  });

  it('is told twice', async () => {
    const client = await ready();
    await control('fault', { answer: EXECUTION, effect: { kind: 'double' } });
    client.api.placeOrder(1, NQ, market());
    await client.heard(EventName.commissionReport);
    const ids = client
      .of(EventName.execDetails)
      .map(([, , execution]) => (execution as { execId: string }).execId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('comes late, behind what was sent after it', async () => {
    const client = await ready();
    await control('fault', { answer: POSITION_END, effect: { kind: 'late', ms: 2000 } });
    client.api.reqPositions();
    client.api.reqCurrentTime();
    await client.heard(EventName.positionEnd);
    const told = client.told
      .map(([name]) => name)
      .filter((name) => name === 'positionEnd' || name === 'currentTime');
    expect(told).toEqual(['currentTime', 'positionEnd']);
  });

  it('changes places with the next', async () => {
    const client = await ready();
    await control('fault', { answer: OPEN_ORDER, effect: { kind: 'swap' } });
    client.api.placeOrder(1, NQ, stays());
    await client.heard(EventName.openOrder);
    const order = client.told
      .map(([name]) => name)
      .filter((name) => name === 'openOrder' || name === 'orderStatus');
    expect(order).toEqual(['orderStatus', 'openOrder']);
  });

  it('breaks off in the middle, and the connection with it; the order stands', async () => {
    const client = await ready();
    await control('fault', { answer: ORDER_STATUS, effect: { kind: 'break' } });
    client.api.placeOrder(1, NQ, stays());
    await client.heard(EventName.disconnected);
    expect(statuses(client)).toEqual([]);
    expect(openAtGateway()).toEqual([[7, 1]]);
    await vi.waitFor(() => expect(simulator.simulation.clients.size).toBe(0), WAIT);
  });

  it('of one client alone is spoilt, where that is said', async () => {
    const [one, two] = [await ready(1), await ready(2)];
    await control('fault', { answer: POSITION_END, clientId: 2, effect: { kind: 'lose' } });
    one.api.reqPositions();
    two.api.reqPositions();
    await one.heard(EventName.positionEnd);
    await settled(two);
    expect(two.of(EventName.positionEnd)).toEqual([]);
  });

  it.each([1, 3, 7])('is read right in pieces of %i bytes', async (bytes) => {
    const client = await ready();
    await control('cut', { bytes });
    client.api.placeOrder(1, NQ, { ...market(), orderRef: 'in pieces' });
    await client.heard(EventName.commissionReport);
    await settled(client);
    const [[, , execution]] = client.of(EventName.execDetails) as [
      [number, Contract, { price: number; orderRef: string }],
    ];
    expect([execution.price, execution.orderRef]).toEqual([15_233.75, 'in pieces']);
    expect(statuses(client)).toEqual([
      [1, 'Submitted'],
      [1, 'Filled'],
    ]);
    expect(client.errors).toEqual([]);
  });
});

describe('bytes', () => {
  it('leave in pieces that end anywhere, and make the same frames', async () => {
    await control('cut', { bytes: 3 });
    const socket = connect(simulator.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    const greeting = Buffer.from('v100..193');
    socket.write(Buffer.concat([Buffer.from('API\0\0\0\0'), Buffer.from([greeting.length]), greeting]));
    socket.write(encodeFrame(['71', '2', '3', '']));
    const ids = () => {
      const bytes = Buffer.concat(chunks);
      const found: string[] = [];
      for (let at = 0; bytes.length >= at + 4 && bytes.length >= at + 4 + bytes.readInt32BE(at); ) {
        const end = at + 4 + bytes.readInt32BE(at);
        found.push(String(bytes.subarray(at + 4, end)).split('\0')[0] ?? '');
        at = end;
      }
      return found;
    };
    await vi.waitFor(() => expect(ids()).toEqual(['193', '15', '9', '4', '4', '4']), WAIT);
    socket.destroy();
    // Six frames: some arrived by halves.
    expect(chunks.length).toBeGreaterThan(6);
  });
});

describe('a read-only API', () => {
  it('takes nothing about orders, and does not end a list of them; everything else is answered', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, stays());
    await client.heard(EventName.orderStatus);
    await control('read-only', { readOnly: true });
    client.api.placeOrder(2, NQ, stays());
    client.api.cancelOrder(1);
    client.api.reqOpenOrders();
    client.api.reqAllOpenOrders();
    client.api.reqCompletedOrders(false);
    client.api.reqPositions();
    await client.heard(EventName.positionEnd);
    const text = "Error validating request.-'bN' : cause - The API interface is currently in Read-Only mode.";
    expect(client.errors).toEqual([2, 1].map((id) => ({ code: 321, id, text })));
    // The library tells what is about no request as it tells notices.
    expect(client.infos.filter(({ code }) => code === 321)).toEqual(Array(3).fill({ code: 321, text }));
    expect([client.of(EventName.openOrderEnd), client.of(EventName.completedOrdersEnd)]).toEqual([[], []]);
    expect(openAtGateway()).toEqual([[7, 1]]);
    await control('read-only', { readOnly: false });
    client.api.reqOpenOrders();
    await client.heard(EventName.openOrderEnd);
  });
});

describe('a half-open connection', () => {
  it('stands and passes nothing, either way; its orders stay, and others go on', async () => {
    const [one, two] = [await ready(1), await ready(2)];
    one.api.placeOrder(1, NQ, stays());
    await one.heard(EventName.orderStatus);
    await control('half-open', { clientId: 1 });
    one.api.reqCurrentTime();
    one.api.placeOrder(2, NQ, stays());
    price('15301');
    await settled(two);
    two.api.reqExecutions(1, {});
    await two.heard(EventName.execDetailsEnd);
    expect(two.of(EventName.execDetails)).toHaveLength(1);
    expect([one.of(EventName.currentTime), one.of(EventName.execDetails)]).toEqual([[], []]);
    expect(one.of(EventName.disconnected)).toEqual([]);
    expect(openAtGateway()).toEqual([]);
    // Whoever gives it up can come again with its id.
    one.api.disconnect();
    await vi.waitFor(() => expect([...simulator.simulation.clients.keys()]).toEqual([2]), WAIT);
    await ready(1);
  });
});

describe('the way to the broker', () => {
  it('breaks: 1100, and nothing is heard of orders until 1102, which keeps the data', async () => {
    const client = await ready();
    client.api.reqMktData(1, NQ, '', false, false);
    client.api.placeOrder(1, NQ, stays());
    await client.heard(EventName.orderStatus);
    await control('link', { up: false });
    await settled(client);
    expect(notices(client)).toContain(1100);
    const ticks = client.of(EventName.tickPrice).length;
    price('15301');
    client.api.placeOrder(2, NQ, market());
    client.api.reqPositions();
    await settled(client);
    expect(statuses(client)).toEqual([[1, 'Submitted']]);
    expect([client.of(EventName.positionEnd), client.of(EventName.tickPrice).length]).toEqual([[], ticks]);
    await control('link', { up: true, data: 'kept' });
    await client.heard(EventName.positionEnd);
    expect(statuses(client)).toEqual([
      [1, 'Submitted'],
      [1, 'Filled'],
      [2, 'Submitted'],
      [2, 'Filled'],
    ]);
    expect(client.of(EventName.position).at(-1)?.[2]).toBe(-2);
    expect(notices(client).slice(-2)).toEqual([1100, 1102]);
    price('15290');
    await settled(client);
    expect(client.of(EventName.tickPrice).length).toBeGreaterThan(ticks);
  });

  it('comes back with 1101: data is told no more until it is asked for again, by the same id too', async () => {
    const client = await ready();
    client.api.reqMktData(1, NQ, '', false, false);
    await client.heard(EventName.tickGeneric);
    await control('link', { up: false });
    await control('link', { up: true, data: 'lost' });
    await settled(client);
    expect(notices(client).slice(-2)).toEqual([1100, 1101]);
    const ticks = client.of(EventName.tickPrice).length;
    price('15290');
    await settled(client);
    expect(client.of(EventName.tickPrice)).toHaveLength(ticks);
    client.api.reqMktData(1, NQ, '', false, false);
    await client.heard(EventName.tickGeneric, 2);
    expect(client.errors).toEqual([]);
  });

  it('tells who connects meanwhile with 2110, and a position that is closed meanwhile is told as none', async () => {
    const client = await ready();
    client.api.reqPositions();
    client.api.placeOrder(1, NQ, market());
    await client.heard(EventName.commissionReport);
    client.api.placeOrder(2, NQ, { ...stays(15_200), action: OrderAction.BUY });
    await settled(client);
    await control('link', { up: false });
    const late = new TwsClient(simulator.port, 8);
    await late.heard(EventName.nextValidId);
    await settled(late);
    expect(late.infos.map(({ code }) => code)).toEqual([2110]);
    price('15199');
    await control('link', { up: true, data: 'kept' });
    await settled(client);
    expect(client.of(EventName.position).map(([, , quantity]) => quantity)).toEqual([-1, 0]);
  });

  it('is whole and a farm is not: 2103 and no ticks, 2105 and no bars, until 2104 and 2106', async () => {
    const client = await ready();
    client.api.reqMktData(1, NQ, '', false, false);
    await client.heard(EventName.tickGeneric);
    await control('farm', { farm: 'market', up: false });
    await control('farm', { farm: 'history', up: false });
    const ticks = client.of(EventName.tickPrice).length;
    price('15290');
    client.api.reqHistoricalData(2, NQ, '', '1 D', '1 min' as never, 'TRADES' as never, 0, 1, false);
    expect((await client.refused(2)).code).toBe(162);
    expect(client.of(EventName.tickPrice)).toHaveLength(ticks);
    await control('farm', { farm: 'market', up: true });
    await control('farm', { farm: 'history', up: true });
    price('15291');
    await settled(client);
    expect(notices(client).slice(-4)).toEqual([2103, 2105, 2104, 2106]);
    expect(client.of(EventName.tickPrice).length).toBeGreaterThan(ticks);
  });
});

describe('the daily restart', () => {
  it('ends connections and what was not transmitted, keeps orders, fills what it can meanwhile, and knows ended ones no more', async () => {
    const client = await ready();
    client.api.placeOrder(1, NQ, stays());
    client.api.placeOrder(2, NQ, stays());
    client.api.placeOrder(3, NQ, { ...stays(), transmit: false });
    client.api.placeOrder(4, NQ, stays(15_400));
    client.api.cancelOrder(2);
    await client.refused(2);
    await control('restart', { downMs: 600_000 });
    await client.heard(EventName.disconnected);
    price('15301');
    const tooEarly = new TwsClient(simulator.port, 7);
    await tooEarly.heard(EventName.disconnected);
    expect(tooEarly.of(EventName.nextValidId)).toEqual([]);
    disconnectClients();
    await control('restart', { downMs: 0 });
    const again = await ready();
    expect(again.of(EventName.nextValidId)).toEqual([[5]]);
    again.api.reqOpenOrders();
    await again.heard(EventName.openOrderEnd);
    expect(statuses(again)).toEqual([[4, 'Submitted']]);
    again.api.reqExecutions(1, {});
    await again.heard(EventName.execDetailsEnd);
    expect(again.of(EventName.execDetails).map(([, , one]) => (one as { orderId: number }).orderId)).toEqual([
      1,
    ]);
    again.api.cancelOrder(2);
    expect((await again.refused(2)).code).toBe(10_147);
    again.api.cancelOrder(4);
    expect((await again.refused(4)).code).toBe(202);
  });
});

describe('what others do', () => {
  const typed = {
    ...{
      account: 'DU1234567',
      localSymbol: 'NQZ6',
      action: 'SELL',
      quantity: 1,
      type: 'LMT',
      limit: '15310',
    },
  };

  it('is an order of no client: in the list of all with id 0, cancelled by none, but with everything', async () => {
    const client = await ready();
    await control('order', typed);
    client.api.reqOpenOrders();
    client.api.reqAllOpenOrders();
    await client.heard(EventName.openOrderEnd, 2);
    expect(client.of(EventName.openOrder).map(([id, , order]) => [id, (order as Order).clientId])).toEqual([
      [0, 0],
    ]);
    client.api.cancelOrder(0);
    expect((await client.refused(0)).code).toBe(10_147);
    client.api.reqGlobalCancel();
    await settled(client);
    expect(openAtGateway()).toEqual([]);
  });

  it('becomes an order of client 0 where it binds them: with a negative id, by which it is cancelled', async () => {
    const zero = await ready(0);
    await control('order', typed);
    zero.api.reqAutoOpenOrders(true);
    await zero.heard(EventName.orderStatus);
    await control('order', { ...typed, limit: '15320' });
    await zero.heard(EventName.orderStatus, 2);
    expect(statuses(zero)).toEqual([
      [-2, 'Submitted'],
      [-3, 'Submitted'],
    ]);
    zero.api.cancelOrder(-2);
    expect((await zero.refused(-2)).code).toBe(202);
    expect(openAtGateway()).toEqual([[0, -3]]);
  });

  it('makes a position that no execution of the client explains', async () => {
    const client = await ready();
    client.api.reqPositions();
    await client.heard(EventName.positionEnd);
    await control('order', { ...typed, type: 'MKT', limit: undefined });
    await client.heard(EventName.position);
    expect(client.of(EventName.position)[0]?.[2]).toBe(-1);
    expect(client.of(EventName.execDetails)).toEqual([]);
    client.api.reqExecutions(1, {});
    await client.heard(EventName.execDetailsEnd);
    expect(client.of(EventName.execDetails).map(([, , one]) => (one as { orderId: number }).orderId)).toEqual(
      [0],
    );
  });

  it('takes a trade back: bars of five seconds end with 10225', async () => {
    const client = await ready();
    client.api.reqRealTimeBars(9, NQ, 5, 'TRADES' as never, false);
    client.api.placeOrder(1, NQ, market());
    await client.heard(EventName.commissionReport);
    const [[, , execution]] = client.of(EventName.execDetails) as [[number, Contract, { execId: string }]];
    await control('correct', { execId: execution.execId });
    expect((await client.refused(9)).code).toBe(10_225);
    client.api.reqRealTimeBars(9, NQ, 5, 'TRADES' as never, false);
    await settled(client);
    expect(client.errors.filter(({ id }) => id === 9)).toHaveLength(1);
  });
});

describe('a wrong balance', () => {
  it('is told until the truth is again', async () => {
    const client = await ready();
    const told = async (reqId: number) => {
      client.api.reqAccountSummary(reqId, 'All', 'NetLiquidation,TotalCashValue');
      await client.heard(EventName.accountSummaryEnd, reqId);
      client.api.cancelAccountSummary(reqId);
      return client
        .of(EventName.accountSummary)
        .filter(([id]) => id === reqId)
        .map(([, , , value]) => value);
    };
    await control('misreport', { account: 'DU1234567', key: 'NetLiquidation', value: '1.00' });
    expect(await told(1)).toEqual(['1.00', '100000.00']);
    await control('misreport', { account: 'DU1234567', key: 'NetLiquidation' });
    expect(await told(2)).toEqual(['100000.00', '100000.00']);
  });
});

describe('a fault', () => {
  it.each<[object, string]>([
    [{ effect: { kind: 'lose' } }, 'expected "request" or "answer"'],
    [{ answer: 3, request: 3, effect: { kind: 'lose' } }, 'expected "request" or "answer"'],
    [{ answer: 3, effect: { kind: 'silence' } }, 'one of lose, double, late, swap, break'],
    [{ request: 3, effect: { kind: 'double' } }, 'one of lose, silence, refuse'],
    [{ answer: 3, effect: { kind: 'late' } }, 'expected "ms"'],
    [{ request: 3, effect: { kind: 'refuse', code: 201 } }, 'expected "code" and "text"'],
    [{ answer: 3, times: 'many', effect: { kind: 'lose' } }, 'expected "times" as a number'],
  ])('%j is refused with what is wrong', async (fault, words) => {
    const answer = await post('fault', fault);
    expect([answer.status, answer.problem?.includes(words)]).toEqual([400, true]);
  });

  it('waits no more when it is called off', async () => {
    const client = await ready();
    await control('fault', { answer: POSITION_END, times: 9, effect: { kind: 'lose' } });
    await control('calm', {});
    client.api.reqPositions();
    await client.heard(EventName.positionEnd);
  });
});
