/** What an entry in a future takes of the account is asked before it leaves: a contract of NQ takes 21,000 at the simulated Gateway. */
import { EventName, type IBApi, type Order, type OrderState } from '@stoqey/ib';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { IbkrSimulator } from '../../simulators/ibkr/start.js';
import { PLACE_ORDER } from '../../simulators/ibkr/wire/from-client.js';
import { OPEN_ORDER } from '../../simulators/ibkr/wire/to-client.js';
import type { OrderIntent } from '../../src/domain/order.js';
import { Margins, whatIf } from '../../src/venue/ibkr/margin.js';
import { openOrders } from '../../src/venue/ibkr/questions.js';
import type { Setup } from '../../src/venue/ibkr/setup.js';
import { Trading, type TradingOptions } from '../../src/venue/ibkr/trading.js';
import { approved } from '../support/approved-order.js';
import { eventually } from '../support/eventually.js';
import { NQ, type OpenVenue, startSimulator, venueAt } from './support/at-gateway.js';

const ACCOUNT = 'DU1234567';
/** Of the connection that reads, which asks. */
const READER = 11;
const ASKED = { action: 'SELL', totalQuantity: 2, transmit: true } as Order;
const NO_FIGURES = { initMarginChange: undefined } as object;
const OFTEN = { clientId: READER, times: 1_000 };

let simulator: IbkrSimulator;
let one: OpenVenue;
/** How often the broker was asked what an order would take. */
let asked = 0;

beforeEach(async () => {
  simulator = await startSimulator({ accounts: [{ id: ACCOUNT, cash: '100000.00' }] });
  const { faults } = simulator.simulation;
  const { ofRequest } = faults;
  asked = 0;
  faults.ofRequest = (clientId, id) => {
    if (clientId === READER && id === PLACE_ORDER.id) asked += 1;
    return ofRequest.call(faults, clientId, id);
  };
});
afterEach(async () => {
  await one?.venue.close();
  await simulator.close();
});

/** Once what was asked ahead, one contract each way, is answered. */
async function ready(): Promise<void> {
  one = await venueAt(simulator.port);
  expect(asked).toBe(2);
}
const entry = (quantityLots: number, part: Partial<OrderIntent> = {}) =>
  approved({ side: 'sell', quantityLots, ...part });
const position = () =>
  [...(simulator.simulation.accounts.get(ACCOUNT)?.positions.values() ?? [])][0]?.quantity ?? 0;
const atTheBroker = () => [...simulator.simulation.orders.open, ...simulator.simulation.orders.completed];

describe('an entry in a future', () => {
  it('leaves at once where what was told ahead reaches for it', async () => {
    await ready();
    simulator.simulation.faults.add({ ...OFTEN, answer: OPEN_ORDER.id, effect: { kind: 'lose' } });
    expect((await one.venue.submit(entry(4))).kind).toBe('accepted');
    expect([position(), asked]).toEqual([-4, 2]);
  });

  it('is not sent where equity does not reach for its margin, and says so in figures', async () => {
    await ready();
    expect(await one.venue.submit(entry(5))).toEqual({
      kind: 'rejected',
      code: 'NOT_SENT',
      text: 'Not sent: 5 NQZ6 would take 105000.00 of initial margin, and 99988.75 is free.',
    });
    expect(atTheBroker()).toEqual([]);
  });

  it('is asked about anew after one before it: what was told ahead is of another account', async () => {
    await ready();
    expect((await one.venue.submit(entry(3))).kind).toBe('accepted');
    await eventually(() => expect(one.fills()).toHaveLength(1));
    expect(await one.venue.submit(entry(2))).toMatchObject({
      code: 'NOT_SENT',
      text: expect.stringContaining('2 NQZ6 would take 42000.00 of initial margin'),
    });
    expect([position(), asked]).toEqual([-3, 3]);
  });

  it.each([
    ['is not answered', { kind: 'lose' as const }, 'no answer within 1000 ms'],
    [
      'is answered with no number',
      { kind: 'say' as const, fields: { initMarginChange: '1.7976931348623157E308' } },
      'no answer within 1000 ms',
    ],
  ])('is not sent where the question %s', async (_what, effect, says) => {
    simulator.simulation.faults.add({ ...OFTEN, answer: OPEN_ORDER.id, effect });
    one = await venueAt(simulator.port);
    expect(await one.venue.submit(entry(1))).toMatchObject({
      ...{ kind: 'rejected', code: 'NOT_SENT' },
      text: expect.stringContaining(says),
    });
    expect(atTheBroker()).toEqual([]);
    // What closes or protects is not asked about.
    const close = approved({ side: 'buy', purpose: 'close', quantityLots: 1 });
    expect((await one.venue.submit(close)).kind).toBe('accepted');
  });

  it('that the broker refuses in answer is rejected by his code', async () => {
    await ready();
    simulator.simulation.faults.add({
      ...{ clientId: READER, request: PLACE_ORDER.id },
      effect: { kind: 'refuse', code: 201, text: 'Order rejected - reason: so it is' },
    });
    expect(await one.venue.submit(entry(5))).toMatchObject({ kind: 'rejected', code: '201' });
    expect(atTheBroker()).toEqual([]);
  });

  it.each([
    ['cancelled', () => one.venue.cancel, { kind: 'cancelled' }],
    ['looked up', () => one.venue.orderByClientId, null],
  ])('that is %s while it is asked about never leaves', async (_what, ends, outcome) => {
    await ready();
    simulator.simulation.faults.add({ ...OFTEN, answer: OPEN_ORDER.id, effect: { kind: 'late', ms: 200 } });
    // Fewer than the account reaches for, but more than what was told ahead is sure of.
    expect((await one.venue.submit(entry(1))).kind).toBe('accepted');
    const wanted = entry(1);
    const sent = one.venue.submit(wanted);
    await eventually(() => expect(asked).toBe(3));
    expect(await ends()(wanted.clientId, 0)).toEqual(outcome);
    expect(await sent).toMatchObject({ kind: 'rejected', code: 'NOT_SENT' });
    expect(position()).toBe(-1);
  });
});

it('an answer that comes while orders are listed is none of them', () => {
  const told: unknown[] = [];
  const { hear } = openOrders(false);
  const done = (orders: unknown) => told.push(orders);
  hear(
    EventName.openOrder,
    [7, {}, { whatIf: true, permId: 3 } as Order, { status: 'PreSubmitted' }],
    0,
    done,
  );
  hear(EventName.openOrderEnd, [], 0, done);
  expect(told).toEqual([[]]);
});

it('is a question that leaves the order as it is, but for the flag that makes it one', () => {
  const sent: unknown[] = [];
  whatIf(7, { conId: 1 }, ASKED).send(
    { placeOrder: (...args: unknown[]) => sent.push(args) } as never as IBApi,
    0,
  );
  expect(sent).toEqual([[7, { conId: 1 }, { ...ASKED, whatIf: true }]]);
});

it.each([
  ['another client’s order of the same id', { whatIf: false }, {}],
  ['an answer that has no figures yet', { whatIf: true }, NO_FIGURES],
])('is not answered by %s, but by what comes after it', (_what, order, state) => {
  const told: unknown[] = [];
  const { hear } = whatIf(7, { conId: 1 }, ASKED);
  const figures = { initMarginChange: 21_000, initMarginAfter: 63_000, equityWithLoanAfter: 99_998 };
  const says = (its: Partial<Order>, more: Partial<OrderState>) =>
    hear(EventName.openOrder, [7, {}, its, { ...figures, ...more }], 0, (answer) => told.push(answer));
  says(order, state);
  expect(told).toEqual([]);
  says({ whatIf: true }, {});
  expect(told).toEqual([{ kind: 'told', needs: 21_000, free: 57_998 }]);
});

const CONTRACT = { instrument: NQ, contract: { conId: 1 }, name: 'NQZ6', listed: null, problem: null };
const SETUP = { account: ACCOUNT, contracts: new Map([[0, CONTRACT]]), closed: [] } as never as Setup;

/** Without a Gateway: what is asked of it is answered by `ask`. */
function tradingAt(ask: (question: { readonly name: string }) => Promise<unknown>, placeOrder: () => void) {
  const session = { api: { placeOrder }, nextOrderId: 1 };
  const gateway = { session, linkBroken: false, ask } as never as TradingOptions['orders'];
  const trading = new Trading({
    ...{ clientId: 10, orders: gateway, reading: gateway, answerMs: 100, note: () => undefined },
    setup: () => SETUP,
  });
  return { trading, session };
}

it('may take all that is free, and not a cent more', async () => {
  for (const [needs, placed] of [
    [21_000, 1],
    [21_000.01, 0],
  ] as const) {
    const placeOrder = vi.fn();
    const ask = async ({ name }: { readonly name: string }) =>
      name === 'margin of an order' ? { kind: 'told', needs, free: 21_000 } : [];
    const { trading, session } = tradingAt(ask, placeOrder);
    await trading.begin(session as never);
    await trading.submit(entry(1));
    expect(placeOrder).toHaveBeenCalledTimes(placed);
  }
});

it('what was told ahead counts for half a minute, and for as many contracts as it reaches for', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const reading = { session: { nextOrderId: 1 }, ask: async () => ({ kind: 'told', needs: 10, free: 20 }) };
  const margins = new Margins({ reading: reading as never, setup: () => SETUP });
  await margins.askAhead();
  const reaches = () => [2, 3].map((lots) => margins.reaches(entry(lots), CONTRACT));
  expect(reaches()).toEqual([true, false]);
  vi.advanceTimersByTime(30_000);
  expect(reaches()).toEqual([true, false]);
  vi.advanceTimersByTime(1_000);
  expect(reaches()).toEqual([false, false]);
});

it('what was told ahead of less margin than before says nothing of several contracts', async () => {
  const reading = { session: { nextOrderId: 1 }, ask: async () => ({ kind: 'told', needs: -10, free: 20 }) };
  const margins = new Margins({ reading: reading as never, setup: () => SETUP });
  await margins.askAhead();
  expect(margins.reaches(entry(2), CONTRACT)).toBe(false);
});

it('what was told ahead is of before a fill, whoever’s it is', async () => {
  const { trading } = tradingAt(async () => ({ kind: 'told', needs: 10, free: 20 }), vi.fn());
  await trading.margins.askAhead();
  expect(trading.margins.reaches(entry(1), CONTRACT)).toBe(true);
  trading.onEvent(EventName.execDetails, [-1, {}, {}]);
  expect(trading.margins.reaches(entry(1), CONTRACT)).toBe(false);
});

it('an order that fills while its cancel is under way is not open, which is known at once', async () => {
  const told: (() => void)[] = [];
  const says = (status: string) => () =>
    trading.onEvent(EventName.orderStatus, [1, status, 0, 0, 0, 7, 0, 0, 10, '', 0]);
  const { trading, session } = tradingAt(
    async () => [],
    () => told.push(says('Submitted')),
  );
  Object.assign(session.api, { cancelOrder: () => told.push(says('Filled')) });
  await trading.begin(session as never);
  const close = approved({ side: 'buy', purpose: 'close', quantityLots: 1 });
  const sent = trading.submit(close);
  told.shift()?.();
  expect(await sent).toEqual({ kind: 'accepted', venueId: '7' });
  const cancelled = trading.cancel(close.clientId, 0);
  told.shift()?.();
  expect(await cancelled).toEqual({ kind: 'notOpen', code: 'FILLED', text: 'It was filled before.' });
});

it.each([0, 1, 2, 3, 4, 5, 6])(
  'that is looked up %i turns after the answer is withdrawn or was placed before: it never leaves behind the look',
  async (turns) => {
    const seen: string[] = [];
    let answer: (margin: unknown) => void = () => undefined;
    const ask = ({ name }: { readonly name: string }) => {
      if (name === 'margin of an order') return new Promise((resolve) => (answer = resolve));
      seen.push('looked up');
      return Promise.resolve([]);
    };
    const { trading, session } = tradingAt(ask, () => seen.push('placed'));
    await trading.begin(session as never);
    seen.length = 0;
    const wanted = entry(1);
    const sent = trading.submit(wanted);
    answer({ kind: 'told', needs: 1, free: 2 });
    for (let turn = 0; turn < turns; turn += 1) await null;
    await trading.find(wanted.clientId, 0);
    const { kind } = await sent;
    if (kind === 'rejected') expect(seen).toEqual([]);
    else expect(seen[0]).toBe('placed');
  },
);
