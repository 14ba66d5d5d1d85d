/** The user stream: what is lost is read again, what comes twice counts once, and no end of it ends the process. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseUnits } from '../../src/domain/money.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, type Opened, openOnSimulator } from './support/opened.js';

let opened: Opened;
const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  unhandled.length = 0;
  process.on('unhandledRejection', note);
  opened = await openOnSimulator();
  await eventually(() => expect(opened.venue.state.up).toBe(true));
  await eventually(() => expect(opened.events.some(({ kind }) => kind === 'health')).toBe(true));
  opened.events.length = 0;
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const healths = () => opened.events.flatMap((event) => (event.kind === 'health' ? [event.state] : []));
/** Once or more often: what answers within a moment here may be late where a machine is busy, and is dialled again. */
function downAndUp(): void {
  expect([healths().at(0), healths().at(-1)]).toEqual(['down', 'up']);
}
const fills = () => opened.events.flatMap((event) => (event.kind === 'fill' ? [event.fill] : []));

/** A resting order of ours that the market then fills: its executions come on the stream only. */
async function restingBuy(lots: number) {
  const order = approved({ type: 'limit', quantityLots: lots, limitTicks: 5_900_000 });
  await opened.venue.submit(order);
  return order;
}

describe('the user stream', () => {
  it('is subscribed again after the connection was dropped, and says so', async () => {
    opened.simulator.sockets.drop();
    await eventually(downAndUp);
    expect(opened.venue.state.reconnects).toBeGreaterThanOrEqual(1);
    await restingBuy(1000);
    await opened.raw.control('price', { symbol: 'BTCUSDT', price: '58990' });
    await eventually(() => expect(fills()).toHaveLength(1));
  });

  it('is subscribed again after the exchange ended it but kept the socket', async () => {
    opened.simulator.userStreams.terminate();
    await eventually(downAndUp);
    await eventually(() => expect(opened.simulator.userStreams.subscriptions).toBe(1));
  });

  it('is found dead when the connection is half open, and dialled again', async () => {
    opened.simulator.sockets.freeze(true);
    await eventually(downAndUp);
  });

  it('is not dialled before the silence that the exchange asked for is over', async () => {
    const { simulator, venue } = opened;
    const { limits, requests } = simulator.simulation;
    const beganMs = Date.now();
    limits.ban(429, 1000);
    await expect(venue.serverTime()).rejects.toThrow();
    const before = requests.length;
    simulator.sockets.drop();
    await eventually(() => expect(venue.state.reconnects).toBeGreaterThanOrEqual(1));
    const dialled = requests.slice(before).find(({ method }) => method === 'WS');
    expect((dialled?.atMs ?? 0) - beganMs).toBeGreaterThan(900);
  });

  it('is tried again after a subscription that was refused, hung or broke', async () => {
    for (const effect of [
      { kind: 'drop' },
      { kind: 'hang' },
      { kind: 'answer', status: 400, body: { code: -1022, msg: 'no' } },
    ] as const) {
      opened.simulator.simulation.addFault({ method: 'WS', effect });
    }
    opened.simulator.sockets.drop();
    await eventually(downAndUp);
  });

  it('survives ten dropped connections in a row', async () => {
    for (let count = 0; count < 10; count += 1) {
      opened.simulator.sockets.drop();
      await eventually(() => expect(opened.venue.state.reconnects).toBeGreaterThan(count));
    }
    await eventually(() => expect(opened.simulator.userStreams.subscriptions).toBe(1));
  });

  it('delivers a duplicated execution once', async () => {
    opened.simulator.userStreams.spoilEvents(['duplicate']);
    await restingBuy(1000);
    await opened.raw.control('price', { symbol: 'BTCUSDT', price: '58990' });
    await eventually(() =>
      expect(opened.events.some((one) => one.kind === 'order' && one.order.state === 'filled')).toBe(true),
    );
    expect(fills()).toHaveLength(1);
  });

  it('reads the executions of an order from the history where one of the stream was lost or came late', async () => {
    await opened.raw.control('depth', { symbol: 'BTCUSDT', levels: 20, levelValue: '100' });
    opened.simulator.userStreams.spoilEvents(['swallow']);
    await restingBuy(1000);
    await opened.raw.control('price', { symbol: 'BTCUSDT', price: '58900' });
    await eventually(() =>
      expect(fills().reduce((sum, { quantityLots }) => sum + quantityLots, 0)).toBe(1000),
    );
    expect(new Set(fills().map(({ tradeId }) => tradeId)).size).toBe(fills().length);
    expect(fills().every(({ feeIn }) => feeIn?.asset === 'BTC')).toBe(true);
  });

  it('tells of an order that was cancelled at the exchange, under the id that it was sent with', async () => {
    const order = await restingBuy(1000);
    await opened.raw.signed('DELETE', '/api/v3/openOrders', { symbol: 'BTCUSDT' });
    await eventually(() =>
      expect(opened.events.at(-1)).toMatchObject({
        kind: 'order',
        order: { clientId: order.clientId, state: 'cancelled', instrument: BTC },
      }),
    );
  });

  it('reconciles a thousand executions that were missed while it was away', async () => {
    const { simulator, venue, raw } = opened;
    await raw.control('depth', { symbol: 'BTCUSDT', levels: 20, levelValue: '60' });
    await raw.control('balance', { account: 'desk', asset: 'USDT', free: '1000000' });
    simulator.simulation.addFault({ method: 'WS', times: 3, effect: { kind: 'drop' } });
    simulator.sockets.drop();
    await eventually(() => expect(healths()).toContain('down'));
    const since = Date.now();
    for (let count = 0; count < 50; count += 1) {
      await raw.signed('POST', '/api/v3/order', {
        symbol: 'BTCUSDT',
        side: 'BUY',
        type: 'MARKET',
        quantity: '0.0198',
        newClientOrderId: `away${count}`,
      });
      await raw.control('price', { symbol: 'BTCUSDT', price: '60000' });
    }
    await eventually(() => expect(venue.state.up).toBe(true));
    const read = await venue.fillsSince(since);
    expect(read.length).toBeGreaterThanOrEqual(1000);
    expect(read.reduce((sum, { quantityLots }) => sum + quantityLots, 0)).toBe(50 * 1980);
    expect(new Set(read.map(({ clientId }) => clientId)).size).toBe(50);
    const lot = 1_000n;
    const kept = read.reduce((sum, { feeIn }) => sum + parseUnits(feeIn?.amount ?? '0'), 0n);
    const held = (await venue.positions())[BTC]!.quantityLots;
    expect(held).toBe(Number((50n * 1980n * lot - kept) / lot));
  });
});
