/** Numbers that can't be: refused, recorded, never handed to the engine. */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { FaultEffect } from '../../simulators/binance/faults.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, type Opened, openOnSimulator, openToKeep, openVenue } from './support/opened.js';

let opened: Opened & { close(): Promise<void> };
beforeAll(async () => {
  opened = await openToKeep({ breaker: { failuresToOpen: 1000, openMs: 60_000 } });
  await eventually(() => expect(opened.venue.state.up).toBe(true));
  await opened.venue.submit(approved({}));
  await opened.venue.submit(approved({ type: 'limit', limitTicks: 5_000_000 }));
});
afterEach(() => opened.simulator.simulation.faults.clear());
afterAll(() => opened.close());

const set = (values: Record<string, unknown>): FaultEffect => ({ kind: 'rewrite', set: values });
const scale = (values: Record<string, number>): FaultEffect => ({ kind: 'rewrite', scale: values });

type Reading = 'balances' | 'positions' | 'openOrders' | 'fillsSince' | 'serverTime';

const table: readonly [string, string, FaultEffect, Reading][] = [
  ['a balance that is not a number', '/api/v3/account', set({ free: 'NaN' }), 'balances'],
  ['a negative balance', '/api/v3/account', set({ free: '-5.00000000' }), 'balances'],
  ['a balance as a floating point number', '/api/v3/account', set({ free: 1e21 }), 'balances'],
  ['a balance in exponents', '/api/v3/account', set({ free: '1e5' }), 'positions'],
  ['balances that are missing', '/api/v3/account', set({ balances: null }), 'positions'],
  ['a bid above the ask', '/api/v3/ticker/bookTicker', set({ bidPrice: '99999.00000000' }), 'positions'],
  [
    'a price a hundred times off',
    '/api/v3/ticker/bookTicker',
    scale({ bidPrice: 100, askPrice: 100 }),
    'positions',
  ],
  ['a negative price of an order', '/api/v3/openOrders', set({ price: '-1' }), 'openOrders'],
  ['a price off the tick', '/api/v3/openOrders', set({ price: '50000.00100000' }), 'openOrders'],
  ['more filled than ordered', '/api/v3/openOrders', set({ executedQty: '9.00000000' }), 'openOrders'],
  ['a side that does not exist', '/api/v3/openOrders', set({ side: 'HOLD' }), 'openOrders'],
  ['open orders as an object', '/api/v3/openOrders', { kind: 'answer', status: 200, body: {} }, 'openOrders'],
  ['a trade at a hundred times the price', '/api/v3/myTrades', scale({ price: 100 }), 'fillsSince'],
  [
    'a trade at a hundred times price and sum',
    '/api/v3/myTrades',
    scale({ price: 100, quoteQty: 100 }),
    'fillsSince',
  ],
  ['a negative quantity', '/api/v3/myTrades', set({ qty: '-0.01000000' }), 'fillsSince'],
  [
    'a trade without quantity',
    '/api/v3/myTrades',
    set({ qty: '0.00000000', quoteQty: '0.00000000' }),
    'fillsSince',
  ],
  ['a trade id as text', '/api/v3/myTrades', set({ id: '12' }), 'fillsSince'],
  ['a side as text', '/api/v3/myTrades', set({ isBuyer: 'true' }), 'fillsSince'],
  ['a time that is none', '/api/v3/time', set({ serverTime: 'now' }), 'serverTime'],
  ['half an answer', '/api/v3/account', { kind: 'truncate' }, 'balances'],
  ['a web page', '/api/v3/account', { kind: 'html' }, 'balances'],
];

describe('an answer that cannot be believed', () => {
  it.each(table)('%s is refused and recorded', async (_what, path, effect, reading) => {
    const { venue, simulator } = opened;
    const before = venue.state.refusedAnswers.length;
    simulator.simulation.addFault({ method: 'GET', path, times: 20, effect });
    await expect(reading === 'fillsSince' ? venue.fillsSince(0) : venue[reading]()).rejects.toBeInstanceOf(
      VenueUnavailable,
    );
    expect(venue.state.refusedAnswers.length).toBeGreaterThan(before);
    simulator.simulation.faults.clear();
    await expect(reading === 'fillsSince' ? venue.fillsSince(0) : venue[reading]()).resolves.toBeDefined();
  });

  it('about an order that another start of the desk had placed is refused as well', async () => {
    const { simulator } = opened;
    const later = await openVenue(simulator);
    onTestFinished(() => later.close());
    await eventually(() => expect(later.state.up).toBe(true));
    const effect = set({ clientOrderId: '' });
    simulator.simulation.addFault({ method: 'GET', path: '/api/v3/allOrders', times: 20, effect });
    await expect(later.fillsSince(0)).rejects.toBeInstanceOf(VenueUnavailable);
    simulator.simulation.faults.clear();
    expect(await later.fillsSince(0)).toHaveLength(1);
  });

  it('without the order behind a fill is not a history without that fill', async () => {
    const { simulator } = opened;
    const later = await openVenue(simulator);
    onTestFinished(() => later.close());
    await eventually(() => expect(later.state.up).toBe(true));
    const effect = { kind: 'answer', status: 200, body: [] } as const;
    simulator.simulation.addFault({ method: 'GET', path: '/api/v3/allOrders', times: 20, effect });
    await expect(later.fillsSince(0)).rejects.toThrow(/executions of \d+ orders? that could not be read/);
    simulator.simulation.faults.clear();
    expect(await later.fillsSince(0)).toHaveLength(1);
  });

  it('on an order that filled keeps the fill back and asks for a reconciliation', async () => {
    const { venue, simulator, events } = opened;
    await eventually(() => expect(events.filter(({ kind }) => kind === 'fill')).toHaveLength(1));
    events.length = 0;
    simulator.userStreams.spoilEvents(['swallow']);
    simulator.simulation.addFault({ method: 'POST', effect: scale({ price: 2 }) });
    await venue.submit(approved({}));
    await eventually(() => expect(events.filter(({ kind }) => kind === 'health')).toHaveLength(2));
    expect(events.filter(({ kind }) => kind === 'fill')).toEqual([]);
    expect(await venue.fillsSince(0)).toHaveLength(2);
  });
});

describe('a coin that falls to a quarter at once', () => {
  it('is believed once readings agree: the account is read, and the fill of its stop is booked', async () => {
    const { venue, raw, events } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.positions();
    await venue.submit(approved({ clientId: 'bought-1' }));
    const stop = { purpose: 'protective', side: 'sell', type: 'stop', quantityLots: 900 } as const;
    await venue.submit(approved({ ...stop, stopTicks: 5_500_000, clientId: 'stop-1' }));
    await raw.control('price', { symbol: 'BTCUSDT', price: '15000' });
    const soldByStop = expect.objectContaining({ clientId: 'stop-1', side: 'sell', quantityLots: 900 });
    // As the engine does: read again until it can be believed.
    await eventually(async () => {
      const [positions, fills] = await Promise.all([
        venue.positions(),
        venue.fillsSince(Date.now() - 60_000),
      ]);
      expect(positions).toContainEqual({ instrument: BTC, quantityLots: 99 });
      expect(fills).toContainEqual(soldByStop);
      // What was filled before the fall is none the less believed.
      expect(fills).toContainEqual(expect.objectContaining({ clientId: 'bought-1', side: 'buy' }));
    });
    expect(events.filter(({ kind }) => kind === 'health').length).toBeGreaterThan(1);
  });

  it('and is back at the next reading had an impossible price: it is not believed', async () => {
    const { venue, simulator } = await openOnSimulator();
    await eventually(() => expect(venue.state.up).toBe(true));
    await venue.positions();
    const path = '/api/v3/ticker/bookTicker';
    for (let time = 0; time < 2; time += 1) {
      const effect = scale({ bidPrice: 0.25, askPrice: 0.25 });
      simulator.simulation.addFault({ method: 'GET', path, times: 1, effect });
      await expect(venue.positions()).rejects.toBeInstanceOf(VenueUnavailable);
      await venue.positions();
    }
  });
});
