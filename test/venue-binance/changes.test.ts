/** Orders made smaller in place, orders exchanged for others, and the cash that moved: the adapter on the simulator. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../simulators/binance/faults.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { BTC, type Opened, openOnSimulator, QUICK } from './support/opened.js';

let opened: Opened;
beforeEach(async () => {
  opened = await openOnSimulator();
  await eventually(() => expect(opened.venue.state.up).toBe(true));
});

const stopAt = (stopTicks: number, quantityLots = 999) =>
  approved({ purpose: 'protective', side: 'sell', type: 'stop', quantityLots, stopTicks });

async function protectedPosition() {
  await opened.venue.submit(approved({ quantityLots: 1000 }));
  const stop = stopAt(5_500_000);
  expect(await opened.venue.submit(stop)).toMatchObject({ kind: 'accepted' });
  return stop;
}

const lockedCoins = async () => {
  const { body } = await opened.raw.signed('GET', '/api/v3/account');
  return body.balances.find(({ asset }: { asset: string }) => asset === 'BTC').locked;
};

describe('amending the quantity of an open order', () => {
  it('makes it smaller in place, frees what it no longer needs, and says so on the stream', async () => {
    const { venue, events } = opened;
    const stop = await protectedPosition();
    const [before] = await venue.openOrders();
    expect(await venue.amendQuantity?.(stop.clientId, BTC, 500)).toEqual({
      kind: 'amended',
      quantityLots: 500,
    });
    expect(await venue.openOrders()).toEqual([{ ...before, quantityLots: 500 }]);
    expect(await lockedCoins()).toBe('0.00500000');
    await eventually(() =>
      expect(events).toContainEqual({ kind: 'order', order: { ...before, quantityLots: 500 } }),
    );
    expect(await venue.cancel(stop.clientId, BTC)).toEqual({ kind: 'cancelled' });
  });

  it('is rejected where it would grow or change nothing, and the order stays as it was', async () => {
    const { venue } = opened;
    const stop = await protectedPosition();
    expect(await venue.amendQuantity?.(stop.clientId, BTC, 999)).toMatchObject({
      kind: 'rejected',
      code: '-2038',
    });
    expect(await venue.amendQuantity?.(stop.clientId, BTC, 1500)).toMatchObject({
      kind: 'rejected',
      code: '-2038',
    });
    expect(await venue.amendQuantity?.(stop.clientId, BTC, 1)).toMatchObject({
      kind: 'rejected',
      code: '-1013',
    });
    expect(await venue.openOrders()).toMatchObject([{ clientId: stop.clientId, quantityLots: 999 }]);
  });

  it('says that there is no such open order, and unknown where no answer came', async () => {
    const { venue, simulator } = opened;
    expect(await venue.amendQuantity?.('never', BTC, 5)).toMatchObject({ kind: 'notOpen', code: '-2038' });
    const stop = await protectedPosition();
    const path = '/api/v3/order/amend/keepPriority';
    const spoilt: FaultEffect[] = [
      { kind: 'drop' },
      { kind: 'html' },
      { kind: 'answer', status: 504 },
      { kind: 'rewrite', set: { qty: '0.00100000' } },
    ];
    for (const effect of spoilt) {
      simulator.simulation.addFault({ method: 'PUT', path, applyFirst: true, effect });
      expect((await venue.amendQuantity?.(stop.clientId, BTC, 900 - spoilt.indexOf(effect)))?.kind).toBe(
        'unknown',
      );
    }
    expect(simulator.simulation.count('PUT', path)).toBe(1 + spoilt.length);
  });
});

describe('replacing an order', () => {
  it('cancels the old one and places the new one in one request', async () => {
    const { venue } = opened;
    const stop = await protectedPosition();
    const next = stopAt(5_600_000);
    expect(await venue.replace?.(stop.clientId, next)).toMatchObject({ kind: 'replaced' });
    expect(await venue.openOrders()).toMatchObject([{ clientId: next.clientId, stopTicks: 5_600_000 }]);
    expect(await venue.orderByClientId(stop.clientId, BTC)).toMatchObject({ state: 'cancelled' });
  });

  it('says that nothing rests any more where the new one was refused after the cancel', async () => {
    const { venue } = opened;
    const stop = await protectedPosition();
    expect(await venue.replace?.(stop.clientId, stopAt(6_100_000))).toEqual({
      kind: 'cancelledOnly',
      code: '-2010',
      text: 'Stop price would trigger immediately.',
      wouldTrigger: true,
    });
    expect(await venue.openOrders()).toEqual([]);
  });

  it('leaves the old one where the new one fails a filter, and sends none where the old one is gone', async () => {
    const { venue } = opened;
    const stop = await protectedPosition();
    expect(await venue.replace?.(stop.clientId, stopAt(5_600_000, 1))).toMatchObject({
      kind: 'rejected',
      code: '-1013',
    });
    expect(await venue.openOrders()).toMatchObject([{ clientId: stop.clientId }]);
    expect(await venue.replace?.('never', stopAt(5_600_000))).toMatchObject({
      kind: 'notOpen',
      code: '-2011',
    });
    expect(await venue.openOrders()).toHaveLength(1);
  });

  it('says that too many rest where the exchange takes no more stops beside the old one', async () => {
    const { venue } = opened;
    const stop = await protectedPosition();
    const one = 100;
    await venue.amendQuantity?.(stop.clientId, BTC, one);
    for (const ticks of [1, 2, 3, 4])
      expect(await venue.submit(stopAt(5_500_000 + ticks, one))).toMatchObject({ kind: 'accepted' });
    expect(await venue.replace?.(stop.clientId, stopAt(5_600_000, one))).toMatchObject({
      ...{ kind: 'rejected', code: '-1013', tooMany: true },
      text: 'Filter failure: MAX_NUM_ALGO_ORDERS',
    });
    expect(await venue.openOrders()).toHaveLength(5);
  });

  it.each<[string, FaultEffect]>([
    ['a dropped connection', { kind: 'drop' }],
    ['a page', { kind: 'html' }],
    ['a timeout of the exchange', { kind: 'answer', status: 504 }],
    ['another order’s answer', { kind: 'rewrite', set: { origClientOrderId: 'other' } }],
  ])('is unknown after %s, and both orders can be looked up', async (_what, effect) => {
    const { venue, simulator } = opened;
    const stop = await protectedPosition();
    const path = '/api/v3/order/cancelReplace';
    simulator.simulation.addFault({ method: 'POST', path, applyFirst: true, effect });
    const next = stopAt(5_600_000);
    expect((await venue.replace?.(stop.clientId, next))?.kind).toBe('unknown');
    expect(await venue.orderByClientId(stop.clientId, BTC)).toMatchObject({ state: 'cancelled' });
    expect(await venue.orderByClientId(next.clientId, BTC)).toMatchObject({ state: 'working' });
  });
});

describe('cash that moved without a trade', () => {
  it('is read from every list of the wallet, signed, with fees, oldest first', async () => {
    const { venue, raw } = opened;
    const sinceMs = Date.now() - 1000;
    const desk = { account: 'desk', asset: 'USDT' };
    await raw.control('deposit', { ...desk, amount: '500.12345678' });
    await raw.control('withdraw', { ...desk, amount: '100', fee: '1' });
    await raw.control('transfer', { ...desk, amount: '250', direction: 'out' });
    await raw.control('transfer', { ...desk, amount: '50', direction: 'in' });
    await raw.control('dividend', { ...desk, amount: '0.5', info: 'Simple Earn' });
    await raw.control('deposit', { account: 'desk', asset: 'SHIB', amount: '3' });
    await raw.control('dust', {
      account: 'desk',
      asset: 'SHIB',
      amount: '3',
      bnb: '0.001',
      charge: '0.00002',
    });
    const moved = (await venue.cashMovements?.(sinceMs))?.movements ?? [];
    const summary = moved.map(({ kind, asset, amount }) => `${kind} ${amount} ${asset}`);
    expect(new Set(summary)).toEqual(
      new Set([
        'deposit 500.12345678 USDT',
        'withdrawal -101 USDT',
        'transfer -250 USDT',
        'transfer 50 USDT',
        'interest 0.5 USDT',
        'deposit 3 SHIB',
        'dustConversion -3 SHIB',
        'dustConversion 0.00098 BNB',
      ]),
    );
    expect(new Set(moved.map(({ id }) => id)).size).toBe(moved.length);
    const sum = moved
      .filter(({ asset }) => asset === 'USDT')
      .reduce((total, one) => total + Number(one.amount), 0);
    expect((await venue.balances()).cash).toBe(Math.round((10_000 + sum) * 1e8));
    expect(await venue.cashMovements?.(Date.now() + 60_000)).toEqual({ movements: [], unread: [] });
  });

  it('takes one request after another, and what is too old to change only once', async () => {
    const { venue, simulator } = opened;
    const { simulation } = simulator;
    const asked = () =>
      simulation.requests.filter(({ path }) => /hisrec|history|asset\/(asset|drib|tran)/.test(path));
    simulation.latencyMs = 20;
    const sinceMs = Date.now() - 400 * 86_400_000;
    await venue.cashMovements?.(sinceMs);
    const first = asked();
    // By list: spans of 89, 89, 179 and 30 days, and of 179 for each kind of transfer.
    expect(first).toHaveLength(5 + 5 + 3 + 14 + 8 * 3);
    const steps = first.slice(1).map(({ atMs }, at) => atMs - (first[at]?.atMs ?? 0));
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(15);
    await venue.cashMovements?.(sinceMs);
    expect(asked().slice(first.length)).toHaveLength(12);
    simulation.latencyMs = 0;
  });

  it.each([
    ['can’t be believed', { kind: 'rewrite', set: { divTime: -5 } }, 1, /dividend.*not used/],
    [
      'is refused',
      { kind: 'answer', status: 400, body: { code: -9000, msg: 'Not now.' } },
      1,
      /-9000 Not now/,
    ],
    ['is not answered', { kind: 'answer', status: 500 }, 9, /GET asset\/assetDividend/],
  ] as const)(
    'is read from the other lists where one %s, which is named',
    async (_how, effect, times, why) => {
      const { venue, raw, simulator } = opened;
      await raw.control('deposit', { account: 'desk', asset: 'USDT', amount: '5' });
      await raw.control('dividend', { account: 'desk', asset: 'USDT', amount: '1', info: 'Simple Earn' });
      await raw.control('transfer', { account: 'desk', asset: 'USDT', amount: '7', direction: 'in' });
      const path = '/sapi/v1/asset/assetDividend';
      simulator.simulation.addFault({ method: 'GET', path, times, effect });
      const listed = await venue.cashMovements?.(Date.now() - 60_000);
      expect(listed?.movements.map(({ amount }) => amount)).toEqual(['5', '7']);
      expect(listed?.unread).toEqual([expect.stringMatching(why)]);
    },
  );

  it('asks no more lists once the venue does not answer, and names those, too', async () => {
    // Nothing else is asked meanwhile, which the venue would answer.
    const { venue, raw, simulator } = await openOnSimulator({ times: { ...QUICK, monitorMs: 60_000 } });
    await eventually(() => expect(venue.state.up).toBe(true));
    await raw.control('deposit', { account: 'desk', asset: 'USDT', amount: '5' });
    for (const path of ['/sapi/v1/capital/withdraw/history', '/sapi/v1/asset/assetDividend'])
      simulator.simulation.addFault({
        method: 'GET',
        path,
        times: 9,
        effect: { kind: 'answer', status: 500 },
      });
    const listed = await venue.cashMovements?.(Date.now() - 60_000);
    expect(listed?.movements).toMatchObject([{ amount: '5' }]);
    expect(listed?.unread).toHaveLength(11);
    expect(simulator.simulation.count('GET', '/sapi/v1/asset/dribblet')).toBe(0);
  });

  it('600 dividends and 250 conversions in a month, and a deposit, are read from lists that show fewer at once', async () => {
    const { venue, raw, simulator } = opened;
    const DAY_MS = 86_400_000;
    const { movements } = simulator.simulation.exchange.account('desk');
    const at = (index: number, count: number) =>
      Math.floor(Date.now() - 30 * DAY_MS + (index * 29 * DAY_MS) / count);
    for (let index = 0; index < 600; index += 1) {
      const dividend = { kind: 'dividend', asset: 'USDT', amount: 1_000_000n, info: 'Simple Earn' } as const;
      movements.push({ ...dividend, id: 10_000 + index, timeMs: at(index, 600) });
    }
    for (let index = 0; index < 250; index += 1) {
      const dust = { kind: 'dust', asset: 'SHIB', amount: 300n, bnb: 1000n, serviceCharge: 20n } as const;
      movements.push({ ...dust, id: 20_000 + index, timeMs: at(index, 250) });
    }
    await raw.control('deposit', { account: 'desk', asset: 'USDT', amount: '5' });
    const listed = await venue.cashMovements?.(Date.now() - 31 * DAY_MS);
    const count = (kind: string) => listed?.movements.filter((one) => one.kind === kind).length;
    expect(listed?.unread).toEqual([]);
    expect([count('interest'), count('dustConversion'), count('deposit')]).toEqual([600, 500, 1]);
    expect(new Set(listed?.movements.map(({ id }) => id)).size).toBe(1101);
  });

  it('3,000 dividends in two months are read in halves, of which those that are settled are known the next time', async () => {
    const { venue, simulator } = opened;
    const DAY_MS = 86_400_000;
    const { movements } = simulator.simulation.exchange.account('desk');
    const fromMs = Date.now() - 60 * DAY_MS;
    for (let index = 0; index < 3_000; index += 1) {
      const timeMs = Math.floor(fromMs + (index * 59 * DAY_MS) / 3_000);
      const dividend = { kind: 'dividend', asset: 'USDT', amount: 1_000_000n, info: 'Simple Earn' } as const;
      movements.push({ ...dividend, id: 10_000 + index, timeMs });
    }
    const asked = () => simulator.simulation.count('GET', '/sapi/v1/asset/assetDividend');
    const first = await venue.cashMovements?.(fromMs);
    expect(first?.movements).toHaveLength(3_000);
    const atFirst = asked();
    expect((await venue.cashMovements?.(fromMs))?.movements).toHaveLength(3_000);
    expect(asked() - atFirst).toBeLessThan(atFirst / 2);
  });

  it('names a list of which there are more in one moment than it shows', async () => {
    const { venue, raw, simulator } = opened;
    const { movements } = simulator.simulation.exchange.account('desk');
    const timeMs = Date.now() - 500;
    for (let id = 10_000; id < 10_600; id += 1)
      movements.push({ kind: 'dividend', info: 'Airdrop', asset: 'USDT', amount: 1n, id, timeMs });
    await raw.control('deposit', { account: 'desk', asset: 'USDT', amount: '5' });
    const listed = await venue.cashMovements?.(Date.now() - 60_000);
    expect(listed?.movements).toMatchObject([{ amount: '5' }]);
    expect(listed?.unread).toEqual([expect.stringContaining('assetDividend: more entries in a second')]);
  });
});
