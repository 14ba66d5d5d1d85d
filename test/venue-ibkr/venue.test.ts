/** An account at a simulated IB Gateway behind the port, over the real library. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IbkrSimulator, SimulatorOptions } from '../../simulators/ibkr/start.js';
import { CANCEL_ORDER, PLACE_ORDER } from '../../simulators/ibkr/wire/from-client.js';
import {
  COMMISSION_REPORT,
  ERR_MSG,
  EXECUTION_DATA,
  OPEN_ORDER,
  ORDER_STATUS,
  POSITION,
  POSITION_END,
} from '../../simulators/ibkr/wire/to-client.js';
import { MONEY_SCALE } from '../../src/domain/money.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { orderOf, readOrder } from '../../src/venue/ibkr/orders.js';
import { farmAfter, isWarning, meaningOf } from '../../src/venue/ibkr/outcomes.js';
import { VenueUnavailable } from '../../src/venue/port.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import {
  APPLE,
  CORN,
  FRIDAY,
  NQ,
  type OpenVenue,
  QUICK,
  SI,
  SIL,
  startSimulator,
  venueAt,
} from './support/at-gateway.js';

let simulator: IbkrSimulator;
const open: OpenVenue[] = [];

async function start(options: SimulatorOptions = {}): Promise<void> {
  await simulator?.close();
  simulator = await startSimulator(options);
}
beforeEach(() => start());
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ venue }) => venue.close()));
  await simulator.close();
});

async function at(options: Parameters<typeof venueAt>[1] = {}): Promise<OpenVenue> {
  const opened = await venueAt(simulator.port, options);
  open.push(opened);
  return opened;
}
/** Client id of the connection of orders. */
const ORDERS = 10;
/** In quarters of a point. */
const ticks = (points: number) => points * 4;
const order = (part: Partial<OrderIntent> = {}) => approved({ quantityLots: 1, ...part });
const resting = (part: Partial<OrderIntent> = {}) =>
  order({ type: 'limit', limitTicks: ticks(15_000), ...part });
const stop = (part: Partial<OrderIntent> = {}) =>
  order({ purpose: 'protective', side: 'sell', type: 'stop', stopTicks: ticks(15_100), ...part });
const dollars = (amount: number) => Math.round(amount * 100) * (MONEY_SCALE / 100);
const price = (points: string) => simulator.simulation.setPrice('NQZ6', points);
const fault = (one: Parameters<IbkrSimulator['simulation']['faults']['add']>[0]) =>
  simulator.simulation.faults.add(one);
const held = async ({ venue }: OpenVenue) => (await venue.positions())[0]?.quantityLots;

const byHand = async (localSymbol: string, more: object = {}) => {
  const response = await fetch(`http://${simulator.address}/_simulator/order`, {
    method: 'POST',
    body: JSON.stringify({
      account: 'DU1234567',
      localSymbol,
      action: 'BUY',
      quantity: 1,
      type: 'LMT',
      limit: '15000',
      ...more,
    }),
  });
  expect(response.status).toBe(200);
};

describe('the contract of a future', () => {
  const december = { ...NQ, contractMonth: '202612' };
  const fridayAt = (weeks: number) => FRIDAY + weeks * 7 * 86_400_000;

  it('is told with its last trade and the month that follows, as the broker lists them', async () => {
    const { venue } = await at({ instruments: [december] });
    await eventually(() =>
      expect(venue.contracts?.()).toEqual([
        {
          instrument: 0,
          traded: { name: 'NQZ6', month: '202612', lastTradeDay: '2026-12-18' },
          following: { name: 'NQH7', month: '202703', lastTradeDay: '2027-03-19' },
        },
      ]),
    );
  });

  it('stays the named one in its last week, when the continuous future is the next already', async () => {
    const tuesday = fridayAt(4) - 3 * 86_400_000;
    await start({ wallMs: () => tuesday });
    const named = await at({ instruments: [december] });
    const front = await at({ clientId: 20 });
    expect(named.venue.contracts?.()).toMatchObject([{ traded: { name: 'NQZ6' } }]);
    expect(front.venue.contracts?.()).toMatchObject([{ traded: { name: 'NQH7' } }]);
  });

  describe('without a month', () => {
    const MONDAY_OF_LAST_WEEK = fridayAt(4) - 4 * 86_400_000;
    let nowMs: number;
    beforeEach(() => {
      nowMs = FRIDAY;
      return start({ wallMs: () => nowMs });
    });
    const month = ({ venue }: OpenVenue) => venue.contracts?.().map(({ traded }) => traded.name);
    /** The Gateway restarts after the continuous future has become the next one. */
    const changeMonth = async ({ venue }: OpenVenue) => {
      nowMs = MONDAY_OF_LAST_WEEK;
      simulator.simulation.restart(50);
      await eventually(() => expect(venue.state.reasons).not.toEqual([]));
      await eventually(() => expect(venue.state.reasons).toEqual([]));
    };

    it('stays the one in which an entry of the desk rests, whose fill is told', async () => {
      const one = await at();
      const entry = resting();
      await one.venue.submit(entry);
      await changeMonth(one);
      expect(month(one)).toEqual(['NQZ6']);
      price('14999');
      await eventually(() => expect(one.fills()).toMatchObject([{ clientId: entry.clientId }]));
      expect(await held(one)).toBe(1);
    });

    it('is the next one whatever a person has left to rest in it', async () => {
      const one = await at();
      await byHand('NQZ6');
      await changeMonth(one);
      expect(month(one)).toEqual(['NQH7']);
    });

    it('is found again when the broker tells a trade in another one, and that trade counts', async () => {
      const one = await at();
      const entry = resting();
      await one.venue.submit(entry);
      // The list that is read first does not have it.
      fault({ answer: OPEN_ORDER.id, clientId: ORDERS + 1, effect: { kind: 'lose' } });
      await changeMonth(one);
      expect(month(one)).toEqual(['NQH7']);
      price('14999');
      await eventually(() => expect(month(one)).toEqual(['NQZ6']));
      await eventually(() => expect(one.venue.state.reasons).toEqual([]));
      expect(await held(one)).toBe(1);
      expect(await one.venue.fillsSince(0)).toMatchObject([{ clientId: entry.clientId, quantityLots: 1 }]);
    });
  });

  it('that follows has the fills of the former month, whose stop sold while nobody was connected', async () => {
    const before = await at({ instruments: [december] });
    const entry = order();
    await before.venue.submit(entry);
    await eventually(async () => expect(await held(before)).toBe(1));
    const protective = stop();
    await before.venue.submit(protective);
    await before.venue.close();
    // What a person trades beside it is none of the desk's.
    for (const action of ['BUY', 'SELL']) await byHand('NQZ6', { action, type: 'MKT', limit: undefined });
    price('15050');
    const march = { ...NQ, contractMonth: '202703' };
    const { venue } = await at({ instruments: [march] });
    expect(venue.contracts?.()).toMatchObject([{ traded: { name: 'NQH7' } }]);
    expect(await venue.fillsSince(0)).toMatchObject([
      { clientId: entry.clientId, instrument: 0, side: 'buy', quantityLots: 1 },
      { clientId: protective.clientId, instrument: 0, side: 'sell', quantityLots: 1 },
    ]);
  });

  it('that follows has the fills of the former month of what is quoted in cents, too', async () => {
    await start({ commodities: ['ZC'] });
    const before = await at({ instruments: [{ ...CORN, contractMonth: '202612' }] });
    await before.venue.submit(order());
    await eventually(async () => expect(await held(before)).toBe(1));
    await before.venue.submit(order({ purpose: 'close', side: 'sell' }));
    await eventually(async () => expect(await held(before)).toBe(0));
    await before.venue.close();
    const { venue } = await at({ instruments: [{ ...CORN, contractMonth: '202703' }] });
    expect(venue.contracts?.()).toMatchObject([{ traded: { name: 'ZCH7' } }]);
    expect(await venue.fillsSince(0)).toMatchObject([
      { instrument: 0, side: 'buy', priceTicks: ticks(445.5) },
      { instrument: 0, side: 'sell', priceTicks: ticks(445) },
    ]);
  });

  it('of silver has the positions and fills of its own size, those of a former month too', async () => {
    const inMonth = (contractMonth: string) => [
      { ...SI, contractMonth },
      { ...SIL, contractMonth },
    ];
    await start({ commodities: ['SI'] });
    const before = await at({ instruments: inMonth('202612') });
    await before.venue.submit(order({ instrument: SIL.id, quantityLots: 2 }));
    await before.venue.submit(order({ instrument: SI.id, side: 'sell' }));
    const lots = async ({ venue }: OpenVenue) =>
      (await venue.positions()).map(({ quantityLots }) => quantityLots);
    await eventually(async () => expect(await lots(before)).toEqual([-1, 2]));
    await before.venue.submit(order({ instrument: SIL.id, purpose: 'close', side: 'sell', quantityLots: 2 }));
    await before.venue.submit(order({ instrument: SI.id, purpose: 'close' }));
    await eventually(async () => expect(await lots(before)).toEqual([0, 0]));
    // A tick on each side: 50 dollars of the full size, and 20 of two micros.
    const paid = 50 + 20 + 2 * 2.4 + 4 * 1.12;
    await eventually(async () => expect((await before.venue.balances()).cash).toBe(dollars(100_000 - paid)));
    await before.venue.close();
    const { venue } = await at({ instruments: inMonth('202701') });
    expect(venue.contracts?.()).toMatchObject([{ traded: { name: 'SIF7' } }, { traded: { name: 'SILF7' } }]);
    const fills = (await venue.fillsSince(0)).map(({ instrument, quantityLots }) => [
      instrument,
      quantityLots,
    ]);
    expect(fills.toSorted()).toEqual([
      [SI.id, 1],
      [SI.id, 1],
      [SIL.id, 2],
      [SIL.id, 2],
    ]);
  });

  it('under a second name is not traded: its position would count twice', async () => {
    await start({ commodities: ['SI'] });
    const { venue } = await at({ instruments: [{ ...SI, multiplier: '1000' }, SIL] });
    expect(venue.closedInstruments?.()).toEqual([
      { instrument: SIL.id, why: 'SIL/USD: its contract (SILX6) is that of SI/USD' },
    ]);
    expect(await venue.positions()).toEqual([{ instrument: SI.id, quantityLots: 0 }]);
  });

  it('that has expired takes no order, and says which one it is', async () => {
    await start({ wallMs: () => fridayAt(4) });
    const { venue } = await at({ instruments: [december], up: false });
    const why = 'NQ/USD 202612 is not listed at the broker (200): it has expired, or there is no such month';
    await eventually(() => expect(venue.closedInstruments?.()).toEqual([{ instrument: 0, why }]));
    expect(await venue.submit(order())).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(simulator.simulation.orders.open).toEqual([]);
    expect(venue.contracts?.()).toEqual([]);
  });

  it('that the broker lists otherwise than the desk file is not entered, and what is held of it is closed', async () => {
    const positions = [{ localSymbol: 'NQZ6', quantity: 1, averagePrice: '15200' }];
    await start({ accounts: [{ id: 'DU1', cash: '100000.00', positions }] });
    const { venue } = await at({ instruments: [{ ...NQ, multiplier: '50' }], up: false });
    const why = 'NQ/USD: multiplier is 20 at the broker, 50 in the desk file';
    await eventually(() => expect(venue.closedInstruments?.()).toEqual([{ instrument: 0, why }]));
    expect(await venue.submit(order())).toEqual({
      ...{ kind: 'rejected', code: 'NOT_SENT', text: `Not sent: ${why}.` },
    });
    expect((await venue.submit(stop())).kind).toBe('accepted');
    expect((await venue.submit(order({ purpose: 'close', side: 'sell' }))).kind).toBe('accepted');
  });

  it('of a share is none: it does not expire', async () => {
    const { venue } = await at({ instruments: [APPLE] });
    expect(venue.contracts?.()).toEqual([]);
  });
});

describe('an account', () => {
  it('is up once it is known whose it is and what is traded', async () => {
    const { venue, events } = await at();
    expect(venue.accountId?.()).toBe('DU1234567');
    expect(venue.capabilities).toMatchObject({ simulated: true, shorting: true });
    expect(await venue.serverTime()).toBe(FRIDAY);
    expect(await venue.balances()).toEqual({ cash: dollars(100_000), currency: 'USD' });
    expect(await venue.positions()).toEqual([{ instrument: 0, quantityLots: 0 }]);
    await eventually(() =>
      expect(events).toEqual([expect.objectContaining({ kind: 'health', state: 'up' })]),
    );
  });

  it.each([
    ['U1234567', {}, 'the account U1234567 is real'],
    ['DU1234567', { money: 'real' as const }, 'is one of paper, and this desk has real money'],
    ['DU1,DU2', {}, 'several accounts (DU1, DU2): name the desk’s'],
    ['DU1,DU2', { account: 'DU3' }, 'the account DU3 is not of this login'],
    ['DU1234567', { expectedAccount: () => 'DU7' }, 'trading on the account DU7'],
  ])('%s with %o is refused, and no order leaves', async (ids, options, why) => {
    await start({ accounts: ids.split(',').map((id) => ({ id, cash: '100000.00' })) });
    const { venue } = await at({ ...options, up: false });
    await eventually(() => expect(venue.state.reasons.join('; ').replaceAll("'", '’')).toContain(why));
    expect(await venue.submit(order())).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(simulator.simulation.orders.open).toEqual([]);
    expect(venue.accountId?.()).toBeNull();
  });

  it('of which one is named among several is that one alone', async () => {
    await start({
      accounts: [
        {
          id: 'DU1',
          cash: '50000.00',
          positions: [{ localSymbol: 'AAPL', quantity: 3, averagePrice: '200' }],
        },
        { id: 'DU2', cash: '70000.00' },
      ],
    });
    const { venue } = await at({ account: 'DU2' });
    expect((await venue.balances()).cash).toBe(dollars(70_000));
    expect((await venue.submit(resting())).kind).toBe('accepted');
    expect(simulator.simulation.orders.open[0]?.terms.account.id).toBe('DU2');
    await byHand('NQZ6', { account: 'DU1', type: 'MKT', limit: undefined });
    expect(await venue.fillsSince(0)).toEqual([]);
  });

  it('hears nothing of another account’s order that rests under its client id from before', async () => {
    const accounts = ['DU1', 'DU2'].map((id) => ({ id, cash: '1000000.00' }));
    await start({ accounts });
    const before = await at({ account: 'DU1' });
    for (const limit of [15_000, 14_900]) await before.venue.submit(resting({ limitTicks: ticks(limit) }));
    await before.venue.close();
    await eventually(() => expect(simulator.simulation.clients.size).toBe(0));
    const { venue, events } = await at({ account: 'DU2' });
    price('14990');
    const own = resting({ limitTicks: ticks(14_950) });
    await venue.submit(own);
    price('14940');
    await eventually(() => expect(events.some(({ kind }) => kind === 'fill')).toBe(true));
    const heard = events.flatMap((event) =>
      event.kind === 'fill' ? [event.fill.clientId] : event.kind === 'order' ? [event.order.clientId] : [],
    );
    expect(new Set(heard)).toEqual(new Set([own.clientId]));
  });

  it('has no cash of interest that accrues and is not posted yet, whatever it holds', async () => {
    const one = await at();
    const account = simulator.simulation.accounts.get('DU1234567');
    account!.accrued = 887;
    expect((await one.venue.balances()).cash).toBe(dollars(100_000));
    expect((await one.venue.submit(order({ side: 'sell', quantityLots: 2 }))).kind).toBe('accepted');
    await eventually(async () => expect(await held(one)).toBe(-2));
    expect((await one.venue.balances()).cash).toBe(dollars(100_000 - 4.5));
    account!.accrued = -1_250;
    expect((await one.venue.balances()).cash).toBe(dollars(100_000 - 4.5));
  });

  it('that holds what the desk does not trade is not read as if it did not', async () => {
    const one = await at();
    const apple = simulator.simulation.market('AAPL').instrument;
    simulator.simulation.accounts
      .get('DU1234567')
      ?.positions.set(apple.conId, { instrument: apple, quantity: 3, averageCost: 100 });
    await expect(one.venue.positions()).rejects.toThrow(
      'the account holds 3 AAPL, which this desk does not trade',
    );
    await expect(one.venue.balances()).rejects.toThrow(VenueUnavailable);
  });
});

describe('an order', () => {
  it('at the market fills, and position and cash follow from its fills', async () => {
    const one = await at();
    const { venue, fills } = one;
    const entry = order({ side: 'sell', quantityLots: 2 });
    expect((await venue.submit(entry)).kind).toBe('accepted');
    await eventually(() => expect(fills().reduce((sum, fill) => sum + fill.quantityLots, 0)).toBe(2));
    expect(fills()[0]).toMatchObject({
      ...{ clientId: entry.clientId, instrument: 0, side: 'sell', liquidity: 'taker', simulated: true },
      ...{ priceTicks: ticks(15_233.75), marketMs: FRIDAY },
    });
    expect(fills().reduce((sum, { fee }) => sum + fee, 0)).toBe(dollars(4.5));
    expect(await held(one)).toBe(-2);
    // Results are cash when they are realized, fees at once, whatever the price is meanwhile.
    expect((await venue.balances()).cash).toBe(dollars(100_000 - 4.5));
    price('15200');
    expect((await venue.balances()).cash).toBe(dollars(100_000 - 4.5));
    expect(await venue.fillsSince(0)).toEqual(fills());
    // The broker tells whole seconds.
    expect(await venue.fillsSince(FRIDAY + 999)).toEqual(fills());
    expect(await venue.fillsSince(FRIDAY + 1000)).toEqual([]);
    const close = order({ purpose: 'close', quantityLots: 2 });
    expect((await venue.submit(close)).kind).toBe('accepted');
    await eventually(() =>
      expect(fills().filter(({ clientId }) => clientId === close.clientId)).not.toEqual([]),
    );
    await eventually(async () => expect(await held(one)).toBe(0));
    const result = fills().reduce(
      (sum, { side, quantityLots, priceTicks }) =>
        sum + (side === 'sell' ? 1 : -1) * quantityLots * priceTicks * 5,
      0,
    );
    expect((await venue.balances()).cash).toBe(dollars(100_000 + result - 9));
    expect(await venue.orderByClientId(entry.clientId, 0)).toMatchObject({ state: 'filled', side: 'sell' });
  });

  it('that is held over midnight has cost after a new start, too, as much as the desk has booked', async () => {
    let nowMs = FRIDAY;
    await start({ wallMs: () => nowMs });
    const one = await at();
    await one.venue.submit(order({ quantityLots: 2 }));
    await eventually(async () => expect(await held(one)).toBe(2));
    const { cash } = await one.venue.balances();
    expect(cash).toBe(dollars(100_000 - 4.5));
    await one.venue.close();
    nowMs += 15 * 3_600_000;
    const again = await at({ feePerLot: () => dollars(2.25) });
    expect(await again.venue.fillsSince(0)).toEqual([]);
    expect((await again.venue.balances()).cash).toBe(cash);
  });

  it('that costs something in another currency is a position at once, and the account can be read', async () => {
    const one = await at();
    fault({
      answer: COMMISSION_REPORT.id,
      times: 1_000,
      effect: { kind: 'say', fields: { currency: 'EUR' } },
    });
    await one.venue.submit(order());
    await eventually(() => expect(one.fills()).toMatchObject([{ feeExpected: true, fee: 0 }]));
    expect(await one.venue.fillsSince(0)).toMatchObject([{ feeExpected: true }]);
    expect([await held(one), (await one.venue.balances()).currency]).toEqual([1, 'USD']);
    expect(one.venue.state.refusedAnswers).toMatchObject([
      { what: 'execution', cause: expect.stringMatching(/^NQ\/USD .* cost 2\.25 EUR, expected USD$/) },
    ]);
  });

  it('in what is quoted in cents leaves, rests, fills and is paid in whole dollars by the point', async () => {
    await start({ commodities: ['ZC'] });
    const one = await at({ instruments: [CORN] });
    const { venue, fills } = one;
    const rests = resting({ limitTicks: ticks(440.25) });
    expect((await venue.submit(rests)).kind).toBe('accepted');
    expect(await venue.orderByClientId(rests.clientId, 0)).toMatchObject({ limitTicks: ticks(440.25) });
    expect(await venue.cancel(rests.clientId, 0)).toEqual({ kind: 'cancelled' });
    expect((await venue.submit(order({ quantityLots: 2 }))).kind).toBe('accepted');
    await eventually(async () => expect(await held(one)).toBe(2));
    expect(fills()[0]).toMatchObject({ priceTicks: ticks(445.5) });
    simulator.simulation.setPrice('ZCZ6', '455.25');
    expect((await venue.balances()).cash).toBe(dollars(100_000 - 2 * 2.92));
    const close = order({ purpose: 'close', side: 'sell', quantityLots: 2 });
    expect((await venue.submit(close)).kind).toBe('accepted');
    await eventually(async () => expect(await held(one)).toBe(0));
    // From 445.5 to 455 cents: 9.5 points of 50 dollars, twice.
    expect((await venue.balances()).cash).toBe(dollars(100_000 + 9.5 * 50 * 2 - 4 * 2.92));
  });

  it('rests, is found, is told, and is cancelled once', async () => {
    const { venue, events } = await at();
    const wanted = resting();
    expect((await venue.submit(wanted)).kind).toBe('accepted');
    const expected = {
      ...{ clientId: wanted.clientId, state: 'working', side: 'buy', type: 'limit', quantityLots: 1 },
      ...{ limitTicks: ticks(15_000), stopTicks: null, filledLots: 0 },
    };
    expect(await venue.openOrders()).toMatchObject([expected]);
    expect(await venue.orderByClientId(wanted.clientId, 0)).toMatchObject(expected);
    expect(await venue.cancel(wanted.clientId, 0)).toEqual({ kind: 'cancelled' });
    expect(await venue.cancel(wanted.clientId, 0)).toMatchObject({ kind: 'notOpen', code: '10148' });
    expect(await venue.openOrders()).toEqual([]);
    expect(await venue.orderByClientId(wanted.clientId, 0)).toMatchObject({ state: 'cancelled' });
    await eventually(() => {
      const states = events.flatMap((event) => (event.kind === 'order' ? [event.order.state] : []));
      expect([states[0], states.at(-1)]).toEqual(['working', 'cancelled']);
    });
  });

  it('is sent once, however often it is submitted, after a new start, too', async () => {
    const { venue } = await at();
    const wanted = resting();
    expect((await venue.submit(wanted)).kind).toBe('accepted');
    const refused = {
      kind: 'unknown',
      cause: 'an order of this id was sent before, and none is sent twice',
    };
    expect(await venue.submit(wanted)).toEqual(refused);
    await venue.close();
    await eventually(() => expect(simulator.simulation.clients.size).toBe(0));
    expect(await (await at()).venue.submit(wanted)).toEqual(refused);
    expect(simulator.simulation.orders.open).toHaveLength(1);
  });

  it('that never was has nothing to cancel, and is none', async () => {
    const { venue } = await at();
    expect(await venue.cancel('fnever02', 0)).toMatchObject({ kind: 'notOpen' });
    expect(await venue.orderByClientId('fnever01', 0)).toBeNull();
  });

  it('that protects holds over the night and outside of regular hours, and sells when the price falls to it', async () => {
    const one = await at();
    await one.venue.submit(order());
    await eventually(async () => expect(await held(one)).toBe(1));
    const protects = stop();
    expect((await one.venue.submit(protects)).kind).toBe('accepted');
    const [resting] = simulator.simulation.orders.open;
    expect(resting?.terms).toMatchObject({ type: 'STP', tif: 'GTC', outsideRth: true });
    price('15099');
    await eventually(() => expect(one.fills().at(-1)?.clientId).toBe(protects.clientId));
    await eventually(async () => expect(await held(one)).toBe(0));
  });

  it('that enters by a stop rests as one with a limit, triggers outside of regular hours too, and is read as what it is', async () => {
    const one = await at();
    const entry = order({ type: 'stop', stopTicks: ticks(15_400), limitTicks: ticks(15_420) });
    expect((await one.venue.submit(entry)).kind).toBe('accepted');
    const [resting] = simulator.simulation.orders.open;
    expect(resting?.terms).toMatchObject({ type: 'STP LMT', tif: 'GTC', outsideRth: true });
    const open = { type: 'stop', state: 'working', stopTicks: ticks(15_400), limitTicks: ticks(15_420) };
    expect(await one.venue.openOrders()).toMatchObject([open]);
    price('15500');
    await eventually(() => expect(resting?.triggered).toBe(true));
    expect(await one.venue.openOrders()).toMatchObject([open]);
    price('15410');
    await eventually(() => expect(one.fills()).toMatchObject([{ clientId: entry.clientId }]));
    expect(one.fills()[0]?.priceTicks).toBeLessThanOrEqual(ticks(15_420));
  });

  it.each([
    ['a size of nothing', { quantityLots: 0 }, '434'],
    ['more than equity reaches for', { purpose: 'exit' as const, quantityLots: 50 }, '201'],
    ['no price', { type: 'limit' as const }, 'NOT_SENT'],
  ])('of %s is rejected, and then there is none', async (_what, part, code) => {
    const { venue } = await at();
    const wanted = order(part);
    expect(await venue.submit(wanted)).toMatchObject({ kind: 'rejected', code });
    expect(await venue.openOrders()).toEqual([]);
    expect((await venue.orderByClientId(wanted.clientId, 0))?.state ?? 'rejected').toBe('rejected');
  });

  it.each([103, 104, 105, 502, 504, 99_999])('answered with %i is unknown, and looked up', async (code) => {
    const { venue } = await at();
    fault({
      request: PLACE_ORDER.id,
      clientId: ORDERS,
      times: 1,
      effect: { kind: 'refuse', code, text: 'so it is' },
    });
    const wanted = resting();
    expect(await venue.submit(wanted)).toEqual({ kind: 'unknown', cause: `${code} so it is` });
    expect(await venue.orderByClientId(wanted.clientId, 0)).toBeNull();
  });

  it('that the broker rejects after it has taken it has its reason, in the stream and where it is looked up', async () => {
    const { venue, events } = await at();
    const [first, second] = [resting(), resting()];
    for (const one of [first, second]) expect((await venue.submit(one)).kind).toBe('accepted');
    const { orders } = simulator.simulation;
    const text = 'Order rejected - reason:MINIMUM OF 33000 USD NEEDED';
    // A warning is no reason.
    for (const one of [...orders.open])
      orders.reject(one, one.terms.orderRef === first.clientId ? { code: 399, text } : { code: 201, text });
    const told = () => events.flatMap((event) => (event.kind === 'order' ? [event.order] : []));
    const rejected = () => told().filter(({ state }) => state === 'rejected');
    await eventually(() => expect(rejected()).toHaveLength(2));
    expect(rejected().map(({ clientId, reason }) => [clientId, reason])).toEqual([
      [first.clientId, undefined],
      [second.clientId, `201: ${text}`],
    ]);
    expect(told().find(({ clientId }) => clientId === second.clientId)).not.toHaveProperty('reason');
    expect(await venue.orderByClientId(second.clientId, 0)).toMatchObject({
      state: 'rejected',
      reason: `201: ${text}`,
    });
  });

  it('that was taken and not answered is unknown, found by its own id, and cancelled', async () => {
    const { venue } = await at({ times: { ...QUICK, questionMs: 1000 } });
    for (const answer of [OPEN_ORDER.id, ORDER_STATUS.id])
      fault({ answer, clientId: ORDERS, times: 1, effect: { kind: 'lose' } });
    const wanted = resting();
    expect(await venue.submit(wanted)).toEqual({ kind: 'unknown', cause: 'no answer within 1000 ms' });
    expect(await venue.orderByClientId(wanted.clientId, 0)).toMatchObject({ state: 'working' });
    fault({ request: CANCEL_ORDER.id, times: 1, effect: { kind: 'silence' } });
    expect((await venue.cancel(wanted.clientId, 0)).kind).toBe('unknown');
    expect(await venue.orderByClientId(wanted.clientId, 0)).toMatchObject({ state: 'cancelled' });
  });

  it('that the Gateway has forgotten is found by what stands of its trades: one that was taken back is none', async () => {
    const { venue, fills } = await at();
    const wanted = order({ quantityLots: 2 });
    await venue.submit(wanted);
    await eventually(() => expect(fills().reduce((sum, fill) => sum + fill.quantityLots, 0)).toBe(2));
    simulator.simulation.restart(50);
    await eventually(() => expect(venue.state.reasons).not.toEqual([]));
    await eventually(() => expect(venue.state.reasons).toEqual([]));
    expect(await venue.orderByClientId(wanted.clientId, 0)).toMatchObject({
      ...{ state: 'filled', side: 'buy', filledLots: 2 },
    });
    const { orders } = simulator.simulation;
    for (const one of [...orders.executions.today(FRIDAY, 'US/Eastern')]) orders.bust(one);
    expect(await venue.orderByClientId(wanted.clientId, 0)).toBeNull();
  });

  it('that the Gateway has forgotten has filled as much as the greatest of its trades says, in whatever order they are listed', async () => {
    const { venue, fills } = await at();
    simulator.simulation.market('NQZ6').setDepth({ levels: 20, size: 1 });
    const wanted = order({ quantityLots: 3 });
    await venue.submit(wanted);
    await eventually(() => expect(fills().map((fill) => fill.quantityLots)).toEqual([1, 1, 1]));
    simulator.simulation.restart(50);
    await eventually(() => expect(venue.state.reasons).not.toEqual([]));
    await eventually(() => expect(venue.state.reasons).toEqual([]));
    // The second of them comes after the third.
    for (const answer of [EXECUTION_DATA.id, COMMISSION_REPORT.id])
      fault({ answer, clientId: ORDERS + 1, skip: 1, effect: { kind: 'swap' } });
    expect(await venue.orderByClientId(wanted.clientId, 0)).toMatchObject({
      ...{ state: 'filled', quantityLots: 3, filledLots: 3 },
    });
  });

  it('that is listed although it has ended is none that is open', async () => {
    const { venue } = await at();
    await venue.submit(resting());
    for (const answer of [OPEN_ORDER.id, ORDER_STATUS.id])
      fault({ answer, effect: { kind: 'say', fields: { status: 'Inactive' } } });
    expect(await venue.openOrders()).toEqual([]);
    expect(await venue.openOrders()).toHaveLength(1);
  });

  it('that leaves no connection is unknown; without one none is sent', async () => {
    const { venue } = await at();
    fault({ request: PLACE_ORDER.id, clientId: ORDERS, times: 1, effect: { kind: 'silence' } });
    const sent = venue.submit(resting());
    await eventually(() => expect(simulator.simulation.orders.open).toHaveLength(1));
    simulator.simulation.restart(200);
    expect((await sent).kind).toBe('unknown');
    await eventually(() => expect(venue.state.reasons).not.toEqual([]));
    expect(await venue.submit(resting())).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    await eventually(() => expect(venue.state.reasons).toEqual([]));
    expect(simulator.simulation.orders.open).toHaveLength(1);
  });

  it('of before is cancelled by who comes back with the same client id, and by nobody else', async () => {
    const before = await at();
    const wanted = resting();
    await before.venue.submit(wanted);
    await before.venue.close();
    await eventually(() => expect(simulator.simulation.clients.size).toBe(0));
    const other = await at({ clientId: 20 });
    expect(await other.venue.orderByClientId(wanted.clientId, 0)).toMatchObject({ state: 'working' });
    expect(await other.venue.cancel(wanted.clientId, 0)).toEqual({
      kind: 'unknown',
      cause: 'it was placed by client id 10, and only that one can cancel it',
    });
    const again = await at();
    // Its ids go on where they were: a used one would change the order that rests.
    await again.venue.submit(resting({ limitTicks: ticks(14_900) }));
    expect(simulator.simulation.orders.open.map(({ orderId }) => orderId)).toEqual([1, 2]);
    expect(await again.venue.cancel(wanted.clientId, 0)).toEqual({ kind: 'cancelled' });
  });

  it('goes past everything that is read of the account', async () => {
    const { venue } = await at();
    const readings = Array.from({ length: 200 }, () => venue.fillsSince(0));
    const wanted = resting();
    let read = 0;
    for (const reading of readings)
      void reading.then(
        () => read++,
        () => undefined,
      );
    await venue.submit(wanted);
    expect(await venue.cancel(wanted.clientId, 0)).toEqual({ kind: 'cancelled' });
    expect(read).toBeLessThan(readings.length);
    await Promise.allSettled(readings);
  });

  it('of a stock goes to the broker’s routing, and costs what it is worth', async () => {
    const { venue, fills } = await at({ instruments: [APPLE] });
    expect((await venue.submit(order({ quantityLots: 10 }))).kind).toBe('accepted');
    await eventually(() => expect(fills().reduce((sum, fill) => sum + fill.quantityLots, 0)).toBe(10));
    const paid = fills().reduce(
      (sum, { quantityLots, priceTicks, fee }) => sum + (quantityLots * priceTicks * MONEY_SCALE) / 100 + fee,
      0,
    );
    expect((await venue.balances()).cash).toBe(dollars(100_000) - paid);
    expect(await venue.positions()).toEqual([{ instrument: 0, quantityLots: 10 }]);
  });
});

describe('in the broker’s words', () => {
  const MARKET = { instrument: NQ, contract: { conId: 1 }, name: 'NQZ6', listed: null, problem: null };
  const said = (part: Partial<OrderIntent>) => orderOf(approved(part), MARKET, 'DU1');

  it('an order at the market is of this session, one that rests is of every one until it is cancelled', () => {
    expect(said({})).toMatchObject({ orderType: 'MKT', tif: 'DAY', transmit: true });
    const limit = { type: 'limit', limitTicks: ticks(15_000) } as const;
    expect(said(limit)).toMatchObject({ orderType: 'LMT', tif: 'GTC', lmtPrice: 15_000 });
    expect(said({ ...limit, timeInForce: 'IOC' })).toMatchObject({ orderType: 'LMT', tif: 'IOC' });
    const cents = { ...MARKET, instrument: { ...NQ, tickSize: '0.0000005' } };
    expect(orderOf(approved(limit), cents, 'DU1').lmtPrice).toBe(0.03);
    expect(orderOf(approved({ ...limit, limitTicks: 60_001 }), cents, 'DU1').lmtPrice).toBe(0.0300005);
  });

  it('each status is a state of the desk’s, and one that nobody knows is none', () => {
    const stateOf = (status: string, filled = 0) => {
      const its = { action: 'BUY', orderType: 'LMT', totalQuantity: 2, lmtPrice: 15_000, permId: 7 } as never;
      return readOrder({ contract: {}, order: its, status, filled }, MARKET).state;
    };
    for (const status of ['ApiPending', 'PendingSubmit', 'PreSubmitted', 'Submitted', 'PendingCancel']) {
      expect(stateOf(status), status).toBe('working');
      expect(stateOf(status, 1), status).toBe('partlyFilled');
    }
    expect(['Filled', 'Cancelled', 'ApiCancelled', 'Inactive'].map((status) => stateOf(status))).toEqual([
      ...['filled', 'cancelled', 'cancelled', 'rejected'],
    ]);
    expect(() => stateOf('Held')).toThrow('a status that the broker does not document (Held)');
  });

  it('each code has its meaning: what is refused is looked up by nobody, what is not known is', () => {
    const meant = (code: number) => meaningOf(code, '');
    const refused = [110, 200, 201, 203, 321, 387, 403, 434, 435, 10_052, 10_149, 10_243];
    expect(refused.filter((code) => meant(code) !== 'rejected')).toEqual([]);
    const unknown = [103, 104, 105, 161, 501, 502, 504, 505, 1_100, 10_148, 99_999];
    expect(unknown.filter((code) => meant(code) !== 'unknown')).toEqual([]);
    expect([202, 399, 2_109, 10_147].map(meant)).toEqual(['cancelled', 'warning', 'warning', 'notOpen']);
    const inState = (state: string) => meaningOf(10_148, `OrderId 1 can't be cancelled, state: ${state}`);
    expect(['Filled', 'Cancelled', 'ApiCancelled', 'Inactive', 'PendingCancel'].map(inState)).toEqual([
      ...['notOpen', 'notOpen', 'notOpen', 'notOpen', 'unknown'],
    ]);
  });
});

describe('a stop and a target that are linked', () => {
  const LOTS = 2;
  /** Long, with both at rest: the target joined the stop's group. */
  async function bracketed() {
    const one = await at();
    await one.venue.submit(order({ quantityLots: LOTS }));
    await eventually(async () => expect(await held(one)).toBe(LOTS));
    const protects = stop({ quantityLots: LOTS, group: 'fstop1' });
    const target = order({
      ...{ purpose: 'exit', side: 'sell', type: 'limit', limitTicks: ticks(15_300) },
      ...{ quantityLots: LOTS, group: 'fstop1' },
    });
    for (const child of [protects, target]) expect((await one.venue.submit(child)).kind).toBe('accepted');
    const told = ({ clientId }: OrderIntent) =>
      one.events.flatMap((event) =>
        event.kind === 'order' && event.order.clientId === clientId ? [event.order] : [],
      );
    return { ...one, protects, target, told };
  }
  const filledBy = (one: OpenVenue, { clientId }: OrderIntent) =>
    one
      .fills()
      .filter((fill) => fill.clientId === clientId)
      .reduce((lots, { quantityLots }) => lots + quantityLots, 0);

  it('leave each by itself, as a group in which fills reduce and only one at a time can fill', async () => {
    const { venue } = await bracketed();
    expect(venue.capabilities).toMatchObject({ linksOrders: true });
    expect(simulator.simulation.orders.open.map(({ terms }) => terms)).toMatchObject([
      { type: 'STP', ocaGroup: 'fstop1', ocaType: 2, transmit: true, parent: null },
      { type: 'LMT', ocaGroup: 'fstop1', ocaType: 2, transmit: true, parent: null, tif: 'GTC' },
    ]);
    expect(await venue.openOrders()).toMatchObject([{ group: 'fstop1' }, { group: 'fstop1' }]);
  });

  it('share what fills: a part of the target is off the stop, and the rest ends it, which is no rejection', async () => {
    const one = await bracketed();
    price('15300');
    await eventually(() => expect(one.told(one.protects).at(-1)).toMatchObject({ quantityLots: 1 }));
    await eventually(async () => expect(await held(one)).toBe(1));
    price('15300');
    await eventually(() => expect(one.told(one.protects).at(-1)).toMatchObject({ state: 'cancelled' }));
    await eventually(() => expect(filledBy(one, one.target)).toBe(LOTS));
    price('15000');
    expect([await held(one), await one.venue.openOrders()]).toEqual([0, []]);
    expect(filledBy(one, one.protects)).toBe(0);
  });

  it('are not said to have ended where a part was filled: that has to be known first', async () => {
    const one = await bracketed();
    price('15300');
    await eventually(() => expect(one.told(one.protects).at(-1)).toMatchObject({ quantityLots: 1 }));
    expect(await one.venue.cancel(one.target.clientId, 0)).toMatchObject({ kind: 'unknown' });
    expect(await one.venue.orderByClientId(one.target.clientId, 0)).toMatchObject({
      ...{ state: 'cancelled', filledLots: 1 },
    });
  });

  it('never both fill: what the stop sells the target does not', async () => {
    const one = await bracketed();
    price('15099');
    await eventually(() => expect(one.told(one.target).at(-1)).toMatchObject({ state: 'cancelled' }));
    await eventually(() => expect(filledBy(one, one.protects)).toBe(LOTS));
    price('15400');
    expect([await held(one), await one.venue.openOrders()]).toEqual([0, []]);
  });

  it('end together: who cancels one has cancelled the other', async () => {
    const one = await bracketed();
    expect(await one.venue.cancel(one.target.clientId, 0)).toEqual({ kind: 'cancelled' });
    await eventually(() => expect(one.told(one.protects).at(-1)).toMatchObject({ state: 'cancelled' }));
    expect(await one.venue.openOrders()).toEqual([]);
  });
});

describe('what happens meanwhile', () => {
  it('is told as it happens: a fill once, with its cost, and its order after it', async () => {
    const { venue, events } = await at();
    for (const answer of [EXECUTION_DATA.id, COMMISSION_REPORT.id])
      fault({ answer, times: 1, effect: { kind: 'double' } });
    await venue.submit(order());
    await eventually(() =>
      expect(events.some((event) => event.kind === 'order' && event.order.state === 'filled')).toBe(true),
    );
    const kinds = events
      .filter(({ kind }) => kind === 'fill' || kind === 'order')
      .map((event) => (event.kind === 'order' ? event.order.state : event.kind));
    expect(kinds.filter((kind) => kind === 'fill')).toHaveLength(1);
    expect(kinds.indexOf('fill')).toBeLessThan(kinds.indexOf('filled'));
  });

  it.each([true, false])(
    'while the broker was away (data kept: %s) makes the desk read the account',
    async (kept) => {
      const one = await at();
      const { venue, events } = one;
      const wanted = resting();
      await venue.submit(wanted);
      simulator.simulation.breakLink();
      await eventually(() => expect(venue.state.up).toBe(false));
      expect(await venue.submit(resting())).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
      price('14990');
      simulator.simulation.restoreLink(kept);
      await eventually(() =>
        expect(events.filter((event) => event.kind === 'health').at(-1)).toMatchObject({ state: 'up' }),
      );
      await eventually(async () => expect(await held(one)).toBe(1));
      expect(await venue.fillsSince(0)).toMatchObject([
        { clientId: wanted.clientId, priceTicks: ticks(15_000) },
      ]);
    },
  );

  it('to a farm is named, and over when it is back', async () => {
    const { venue } = await at();
    simulator.simulation.setFarm('market', false);
    await eventually(() => expect(venue.state.reasons).toHaveLength(1));
    expect(venue.state.reasons[0]).toContain('Market data farm');
    simulator.simulation.setFarm('market', true);
    await eventually(() => expect(venue.state.reasons).toEqual([]));
  });

  it.each([
    ['CME', 'USD', false],
    ['EUREX', 'USD', true],
    ['CME', 'EUR', true],
  ] as const)(
    'to a farm of another continent counts for what is traded at %s in %s: %s',
    (exchange, quote, counts) => {
      const said = farmAfter(2103, 'Market data farm connection is broken:eufarmnj', [{ exchange, quote }]);
      expect(said !== null).toBe(counts);
      expect(
        farmAfter(2103, 'Market data farm connection is broken:usfuture', [{ exchange, quote }]),
      ).toMatchObject({
        up: false,
      });
    },
  );

  it('is told apart by its code: those from 2100 to 2999 warn', () => {
    expect([2_099, 2_100, 2_999, 3_000].map(isWarning)).toEqual([false, true, true, false]);
  });

  it('to a farm of another continent is none', async () => {
    const { venue } = await at();
    const { simulation } = simulator;
    for (const farm of ['market', 'history'] as const) simulation.setFarmAbroad(farm, false);
    simulation.setFarm('market', false);
    await eventually(() => expect(venue.state.reasons).toHaveLength(1));
    expect(venue.state.reasons[0]).toContain('usfuture');
    simulation.setFarm('market', true);
    await eventually(() => expect(venue.state.reasons).toEqual([]));
  });

  it('to a farm is over, too, where it only sleeps, and is told anew after the link was broken', async () => {
    const { venue } = await at();
    const { simulation } = simulator;
    const down = (count: number) => eventually(() => expect(venue.state.reasons).toHaveLength(count));
    for (const farm of ['market', 'history'] as const) {
      simulation.setFarm(farm, false);
      await down(1);
      simulation.letFarmSleep(farm);
      await down(0);
    }
    simulation.setFarm('history', false);
    await down(1);
    simulation.breakLink();
    await eventually(() => expect(venue.state.reasons.join()).toContain('Connectivity'));
    // It is back before the link is: nobody was told so.
    simulation.farms.history = true;
    simulation.restoreLink(true);
    await down(0);
    simulation.setFarm('history', false);
    await down(1);
    simulation.breakLink();
    simulation.restoreLink(true);
    await eventually(() =>
      expect(venue.state.reasons.join()).toMatch(/^[^;,]*HMDS data farm connection is broken/),
    );
  });

  it('to a trade is read: a correction replaces it, one that is taken back is none', async () => {
    const { venue, fills, events } = await at();
    await venue.submit(order());
    await eventually(() => expect(fills()).toHaveLength(1));
    const { orders } = simulator.simulation;
    const execution = () => orders.executions.today(FRIDAY, 'US/Eastern').at(-1);
    const first = execution();
    if (first === undefined) throw new Error('no execution');
    orders.correct(first, ticks(15_230));
    const { tradeId = '' } = fills()[0] ?? {};
    const corrections = () =>
      events.flatMap((event) => (event.kind === 'correction' ? [event.correction] : []));
    const [was, is] = [ticks(15_234.25), ticks(15_230)].map((priceTicks) => ({
      quantityLots: 1,
      priceTicks,
    }));
    await eventually(() => expect(corrections()).toEqual([{ instrument: 0, tradeId, was, is }]));
    const [corrected, ...others] = await venue.fillsSince(0);
    expect(others).toEqual([]);
    expect(corrected).toMatchObject({ tradeId: fills()[0]?.tradeId, priceTicks: ticks(15_230) });
    expect(fills()).toHaveLength(1);
    const second = execution();
    if (second === undefined) throw new Error('no execution');
    // Whoever hears of it first: the list tells, too.
    fault({ answer: EXECUTION_DATA.id, clientId: ORDERS, effect: { kind: 'lose' } });
    orders.bust(second);
    expect(corrections()).toHaveLength(1);
    await eventually(async () => expect(await venue.fillsSince(0)).toEqual([]));
    expect(corrections().slice(1)).toEqual([{ instrument: 0, tradeId, was: is, is: null }]);
  });

  it('to a position by another hand makes the engine read the account within seconds, and what the desk trades does not', async () => {
    const one = await at();
    const since = () =>
      one.events.flatMap((event) => (event.kind === 'health' ? [event.detail] : [])).slice(1);
    await one.venue.submit(order({ quantityLots: 2 }));
    await one.venue.submit(order({ side: 'sell' }));
    await eventually(() => expect(one.fills()).toHaveLength(2));
    await eventually(async () => expect(await held(one)).toBe(1));
    await byHand('NQZ6', { action: 'SELL', type: 'MKT', limit: undefined });
    await eventually(() => expect(since()).toHaveLength(2));
    expect(since()[0]).toBe('the position in NQZ6 is 0 without a trade of the desk');
  });

  it('by another hand in what the desk does not trade is said', async () => {
    const { venue } = await at();
    await byHand('NQH7');
    await expect(venue.openOrders()).rejects.toThrow(
      'the account has open orders (BUY 1 NQH7) in what this desk does not trade',
    );
  });

  it('by another hand is shown as another’s', async () => {
    const { venue } = await at();
    await byHand('NQZ6');
    const [found, ...others] = await venue.openOrders();
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      clientId: expect.stringMatching(/^ibkr-\d+$/),
      quantityLots: 1,
      side: 'buy',
    });
  });
});

describe('what can’t be read', () => {
  const READING = 11;

  it('of the positions does not make the account flat', async () => {
    const one = await at();
    await one.venue.submit(order());
    await eventually(async () => expect(await held(one)).toBe(1));
    fault({ answer: POSITION.id, clientId: READING, effect: { kind: 'short' } });
    await expect(one.venue.positions()).rejects.toThrow('could not be read');
    expect(await held(one)).toBe(1);
  });

  it('of the orders does not make one that rests none', async () => {
    const { venue } = await at();
    const wanted = resting();
    await venue.submit(wanted);
    fault({ answer: OPEN_ORDER.id, times: 2, effect: { kind: 'short' } });
    await expect(venue.orderByClientId(wanted.clientId, 0)).rejects.toThrow(VenueUnavailable);
    await expect(venue.openOrders()).rejects.toThrow(VenueUnavailable);
    expect(await venue.openOrders()).toMatchObject([{ clientId: wanted.clientId }]);
  });

  it('of an answer ends the connection, and what was under way is unknown', async () => {
    const { venue, events } = await at();
    // Its quotes are escaped twice over: unescaped it is no JSON.
    const advancedOrderReject = '{"text":"\\u0022so it is\\u0022"}';
    fault({ answer: ERR_MSG.id, effect: { kind: 'say', fields: { advancedOrderReject } } });
    const wanted = order({ purpose: 'exit', quantityLots: 50 });
    expect(await venue.submit(wanted)).toEqual({
      kind: 'unknown',
      cause: expect.stringContaining('a message of the Gateway could not be handled'),
    });
    await eventually(() => expect(events.filter(({ kind }) => kind === 'health')).toHaveLength(3));
    await eventually(() => expect(venue.state.reasons).toEqual([]));
    expect((await venue.orderByClientId(wanted.clientId, 0))?.state ?? 'rejected').toBe('rejected');
  });

  it('of when a trade was, without its zone, is no time', async () => {
    const { venue, fills } = await at();
    await venue.submit(order());
    await eventually(() => expect(fills()).toHaveLength(1));
    const fields = { time: '20261120 10:00:00' };
    fault({ answer: EXECUTION_DATA.id, clientId: READING, effect: { kind: 'say', fields } });
    await expect(venue.fillsSince(0)).rejects.toThrow('execution: time 20261120 10:00:00');
    expect(await venue.fillsSince(0)).toEqual(fills());
    const inUtc = { time: '20261120-15:00:00' };
    fault({ answer: EXECUTION_DATA.id, clientId: READING, effect: { kind: 'say', fields: inUtc } });
    expect(await venue.fillsSince(0)).toEqual([{ ...fills()[0], marketMs: FRIDAY }]);
  });
});

describe('an order that the broker has no id of yet', () => {
  const none = { kind: 'say', fields: { permId: '0' } } as const;

  it('is its own in a list, by who placed it', async () => {
    const { venue } = await at();
    const sent = [await venue.submit(resting()), await venue.submit(resting({ limitTicks: ticks(14_900) }))];
    fault({ answer: OPEN_ORDER.id, times: 2, effect: none });
    expect(await venue.openOrders()).toMatchObject(
      sent.map((one) => ({ venueId: one.kind === 'accepted' ? one.venueId : 'none' })),
    );
  });

  it('is told as soon as it has one', async () => {
    const { venue, events } = await at();
    fault({ answer: OPEN_ORDER.id, clientId: ORDERS, effect: none });
    const sent = await venue.submit(resting());
    await eventually(() =>
      expect(events.flatMap((event) => (event.kind === 'order' ? [event.order.venueId] : []))).toEqual([
        sent.kind === 'accepted' ? sent.venueId : 'none',
      ]),
    );
  });

  it('is not accepted: that is unknown, and it is looked up', async () => {
    const { venue, events } = await at({ times: { ...QUICK, questionMs: 1000 } });
    for (const answer of [OPEN_ORDER.id, ORDER_STATUS.id]) fault({ answer, clientId: ORDERS, effect: none });
    const wanted = resting();
    expect((await venue.submit(wanted)).kind).toBe('unknown');
    expect(events.filter(({ kind }) => kind === 'order')).toEqual([]);
    for (const answer of [OPEN_ORDER.id, ORDER_STATUS.id]) fault({ answer, clientId: ORDERS, effect: none });
    await expect(venue.orderByClientId(wanted.clientId, 0)).rejects.toThrow('no id of it yet');
    expect((await venue.orderByClientId(wanted.clientId, 0))?.venueId).toMatch(/^[1-9]/);
  });
});

it('a position that changes while it is listed is as it was told last', async () => {
  const one = await at();
  await one.venue.submit(order());
  await eventually(async () => expect(await held(one)).toBe(1));
  const { simulation } = simulator;
  fault({ answer: POSITION_END.id, effect: { kind: 'lose' } });
  const asked = held(one);
  await eventually(() => expect(simulation.faults.waiting).toEqual([]));
  const account = simulation.accounts.get('DU1234567');
  const [[conId, position] = []] = account?.positions ?? [];
  if (account === undefined || conId === undefined || position === undefined) throw new Error('no position');
  account.positions.set(conId, { ...position, quantity: 3 });
  simulation.changed(account);
  simulation.clients.get(11)?.send(POSITION_END, {});
  expect(await asked).toBe(3);
});

it('a kind or a name that no account here trades is refused before anything is dialled', async () => {
  await expect(at({ instruments: [NQ, { ...APPLE, id: 1 }] })).rejects.toThrow(
    'expected futures or stocks, found both',
  );
  await expect(at({ instruments: [{ ...NQ, kind: 'inverse' }] })).rejects.toThrow(
    'expected a future or a stock, found inverse',
  );
  const { exchange: _, ...nowhere } = NQ;
  await expect(at({ instruments: [nowhere] })).rejects.toThrow(
    'expected the exchange of the future, found none',
  );
});
