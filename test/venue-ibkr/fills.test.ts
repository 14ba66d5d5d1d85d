/** Executions as the engine's fills, without a Gateway. */
import { EventName, type Execution } from '@stoqey/ib';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Instrument } from '../../src/domain/instrument.js';
import { AccountReadings, PositionWatch } from '../../src/venue/ibkr/account.js';
import { Commissions, createToldTrades, readFill } from '../../src/venue/ibkr/fills.js';
import type { Session } from '../../src/venue/ibkr/gateway.js';
import { LiveEvents } from '../../src/venue/ibkr/live-events.js';
import { eventually } from '../support/eventually.js';
import { APPLE, NQ } from './support/at-gateway.js';

const CENT = 1_000_000;
const TIME = '20261120 10:00:00 US/Eastern';

function fillOf(instrument: Instrument, side: 'BOT' | 'SLD', price: number, time = TIME) {
  const contract = { conId: 1 };
  const execution = { execId: '0001.01', side, shares: 10, price, permId: 7, time };
  const cost = { execId: '0001.01', commission: 1, currency: 'USD' };
  return readFill({ contract, execution, cost }, marketOf(instrument), false, new Commissions());
}

function marketOf(instrument: Instrument) {
  return { instrument, contract: { conId: 1 }, name: instrument.symbol, listed: null, problem: null };
}

const UNTOLD_MS = 60;

/** Of one order for two contracts, as the connection of orders hears it. */
function heard(isVerified = () => true) {
  const told: string[] = [];
  const byConId = new Map([[1, marketOf(NQ)]]);
  const live = new LiveEvents({
    setup: () => (isVerified() ? { account: 'DU1', contracts: new Map(), byConId, closed: [] } : null),
    simulated: false,
    commissions: new Commissions(undefined, (what, cause) => told.push(`${what}: ${cause}`)),
    trades: createToldTrades(({ tradeId, was, is }) =>
      told.push(
        `${tradeId}: ${was.quantityLots} at ${was.priceTicks} is ${is === null ? 'none' : `${is.quantityLots} at ${is.priceTicks}`}`,
      ),
    ),
    emit: (event) => {
      if (event.kind === 'fill')
        told.push(
          `${event.fill.priceTicks} for ${event.fill.fee / CENT}${event.fill.feeExpected ? ' expected' : ''}`,
        );
      if (event.kind === 'order') told.push(event.order.state);
    },
    missed: (detail) => told.push(detail),
    unknown: (detail) => told.push(`${detail}: found again`),
    saidOf: () => undefined,
    traded: () => {},
    note: (what, cause) => told.push(`${what}: ${cause}`),
  });
  onTestFinished(() => live.close());
  const ids = { orderId: 5, clientId: 10, permId: 7, account: 'DU1', acctNumber: 'DU1' };
  const its = { action: 'BUY', totalQuantity: 2, orderType: 'MKT', orderRef: 'fabcdef1' };
  return {
    told,
    filled() {
      live.onEvent(EventName.openOrder, [5, { conId: 1 }, { ...ids, ...its }, { status: 'Filled' }]);
      live.onEvent(EventName.orderStatus, [5, 'Filled', 2, 0, 15_000, 7, 0, 15_000, 10, '', 0]);
    },
    execution(execId: string, price: number, shares = 2, contract: object = { conId: 1 }, more: object = {}) {
      const execution = {
        ...ids,
        orderRef: 'fabcdef1',
        execId,
        side: 'BOT',
        shares,
        price,
        time: TIME,
        ...more,
      };
      live.onEvent(EventName.execDetails, [-1, contract, execution]);
    },
    cost(execId: string, commission: number, currency = 'USD') {
      live.onEvent(EventName.commissionReport, [{ execId, commission, currency }]);
    },
  };
}

it.each([false, true])('of another account of the login are none (heard once verified: %s)', (early) => {
  let isVerified = early;
  const { told, execution, cost } = heard(() => isVerified);
  execution('0001f4e8.5f1d.01.01', 15_000, 2, { conId: 1 }, { acctNumber: 'DU2' });
  isVerified = true;
  cost('0001f4e8.5f1d.01.01', 4.5);
  expect(told).toEqual([]);
});

it('of a stock between two ticks have the better one, and what was paid beyond it is a cost', () => {
  expect(fillOf(APPLE, 'BOT', 150.005)).toMatchObject({ priceTicks: 15_000, fee: 105 * CENT });
  expect(fillOf(APPLE, 'SLD', 150.0025)).toMatchObject({ priceTicks: 15_001, fee: 107.5 * CENT });
  expect(fillOf(APPLE, 'SLD', 150.01)).toMatchObject({ priceTicks: 15_001, fee: 100 * CENT });
});

it('are read through what the protocol’s floating point makes of a price, and through no more', () => {
  // 150.07 ÷ 0.01 is 15006.999999999998.
  expect(fillOf(APPLE, 'BOT', 150.07)).toMatchObject({ priceTicks: 15_007, fee: 100 * CENT });
  expect(fillOf(NQ, 'BOT', 15_000.000_000_1)).toMatchObject({ priceTicks: 60_000 });
  expect(() => fillOf(NQ, 'BOT', 15_000.000_1)).toThrow('15000.0001 is no whole number of 0.25');
});

it.each([
  ['20261120 10:00:00 US/Eastern', Date.UTC(2026, 10, 20, 15)],
  ['20261120 15:00:00 Universal', Date.UTC(2026, 10, 20, 15)],
  // The Gateway's settings: times in UTC format.
  ['20261120-15:00:00', Date.UTC(2026, 10, 20, 15)],
  ['20261120 15:00:00', null],
  ['20261120-15:00', null],
])('have the time that the Gateway writes as %s', (time, ms) => {
  const read = () => fillOf(APPLE, 'BOT', 150, time).marketMs;
  if (ms === null) expect(read).toThrow(`execution: time ${time}`);
  else expect(read()).toBe(ms);
});

it('of a future between two ticks are not believed', () => {
  expect(() => fillOf(NQ, 'BOT', 15_234.1)).toThrow('15234.1 is no whole number of 0.25');
});

it('that are corrected before their cost is told are one, as corrected, with the cost of that', () => {
  const { told, filled, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000);
  execution('0001f4e8.5f1d.01.02', 15_001);
  filled();
  cost('0001f4e8.5f1d.01.01', 4.5);
  expect(told).toEqual([]);
  cost('0001f4e8.5f1d.01.02', 5);
  expect(told).toEqual(['60004 for 500', 'filled']);
  // What comes late is of a trade that is known in its newest form.
  execution('0001f4e8.5f1d.01.01', 15_000);
  cost('0001f4e8.5f1d.01.01', 4.5);
  expect(told).toHaveLength(2);
});

it('whose correction comes first are as corrected', () => {
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.02', 15_001);
  execution('0001f4e8.5f1d.01.01', 15_000);
  cost('0001f4e8.5f1d.01.01', 4.5);
  cost('0001f4e8.5f1d.01.02', 5);
  expect(told).toEqual(['60004 for 500']);
});

it('that are corrected once they are told are told as what they were and are, once', () => {
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000);
  cost('0001f4e8.5f1d.01.01', 4.5);
  for (let times = 0; times < 2; times += 1) execution('0001f4e8.5f1d.01.02', 15_001);
  cost('0001f4e8.5f1d.01.02', 4.5);
  execution('0001f4e8.5f1d.01.03', 15_001, 1);
  execution('0001f4e8.5f1d.01.04', 15_001, 0);
  expect(told).toEqual([
    '60000 for 450',
    '0001f4e8.5f1d.01: 2 at 60000 is 2 at 60004',
    '0001f4e8.5f1d.01: 2 at 60004 is 1 at 60004',
    '0001f4e8.5f1d.01: 1 at 60004 is none',
  ]);
});

it('in a contract that is not traded now make the desk find again which ones are', () => {
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000, 2, { conId: 2, localSymbol: 'NQZ6' });
  cost('0001f4e8.5f1d.01.01', 4.5);
  expect(told).toEqual(['the broker tells a trade in NQZ6, which is not traded now: found again']);
});

it('that are taken back before their cost is told are none, and the account is read', () => {
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000);
  execution('0001f4e8.5f1d.01.02', 15_000, 0);
  cost('0001f4e8.5f1d.01.01', 4.5);
  cost('0001f4e8.5f1d.01.02', 4.5);
  expect(told).toEqual(['the broker has taken the trade 0001f4e8.5f1d.01 back']);
});

it('whose cost is told late are told at once with what the last one cost, then again with their own', async () => {
  const { told, filled, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000, 1);
  cost('0001f4e8.5f1d.01.01', 2.5);
  execution('0001f4e8.5f1d.02.01', 15_001, 2);
  filled();
  await eventually(() => expect(told).toEqual(['60000 for 250', '60004 for 500 expected', 'filled']));
  cost('0001f4e8.5f1d.02.01', 4.5);
  cost('0001f4e8.5f1d.02.01', 4.5);
  expect(told.slice(3)).toEqual(['60004 for 450', 'filled']);
});

it('that are taken back after they were told with an expected cost are no others, and cost nothing more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
  onTestFinished(() => void vi.useRealTimers());
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000, 1);
  await vi.advanceTimersByTimeAsync(UNTOLD_MS);
  execution('0001f4e8.5f1d.01.02', 15_000, 0);
  cost('0001f4e8.5f1d.01.01', 4.5);
  cost('0001f4e8.5f1d.01.02', 4.5);
  await vi.advanceTimersByTimeAsync(5_000);
  const takenBack = ['60000 for 0 expected', '0001f4e8.5f1d.01: 1 at 60000 is none'];
  expect(told).toEqual(takenBack);
  execution('0001f4e8.5f1d.02.01', 15_000, 1);
  await vi.advanceTimersByTimeAsync(UNTOLD_MS);
  expect(told).toEqual([...takenBack, '60000 for 0 expected']);
});

it('are told in the order of their time, in whatever order the broker lists them', async () => {
  const market = marketOf(NQ);
  const at = (time: string, execId: string) => ({
    contract: { conId: 1 },
    execution: {
      execId,
      side: 'BOT',
      shares: 1,
      price: 15_000,
      permId: 7,
      time: `20261120 ${time} US/Eastern`,
    },
    cost: null,
  });
  const listed = [at('10:00:02', '3.01'), at('10:00:00', '1.01'), at('10:00:01', '2.01')];
  const account = new AccountReadings({
    reading: { ask: async () => listed } as never,
    setup: () => ({ account: 'DU1', contracts: new Map(), byConId: new Map([[1, market]]), closed: [] }),
    ...{ simulated: false, commissions: new Commissions(), trades: () => false, note: () => undefined },
  });
  expect((await account.fills()).map(({ tradeId }) => tradeId)).toEqual(['1', '2', '3']);
});

it('of no lots say nothing about what the next one costs', () => {
  const commissions = new Commissions();
  commissions.told(NQ, { execId: '1.01', commission: 4.5, currency: 'USD' }, 0);
  expect(commissions.expected(NQ, 1, 15_000)).toBe(0);
});

it('whose cost is not told within seconds make the desk read the account', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
  onTestFinished(() => void vi.useRealTimers());
  const { told, execution } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000);
  await vi.advanceTimersByTimeAsync(UNTOLD_MS);
  expect(told).toEqual(['60000 for 0 expected']);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(told.slice(1)).toEqual(['what the trade 0001f4e8.5f1d.01 cost was not told']);
});

it('that cost something in another currency are told at once with the expected cost, and it is noted once', () => {
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000);
  for (let times = 0; times < 2; times += 1) cost('0001f4e8.5f1d.01.01', 4.5, 'EUR');
  expect(told).toEqual([
    'execution: NQ/USD 0001f4e8.5f1d.01.01 cost 4.5 EUR, expected USD',
    '60000 for 0 expected',
  ]);
});

it('of which nothing was told yet are expected to cost what the desk file says, or nothing', () => {
  const costOf = (instrument: Instrument, commissions = new Commissions()) =>
    commissions.expected(instrument, 10, 15_000) / CENT;
  expect(costOf({ ...NQ, lotFees: { perLot: 225 * CENT, minimum: 0 } })).toBe(2_250);
  // A share of its worth, as on paper, would be a hundred times what a future costs.
  for (const instrument of [NQ, APPLE]) expect(costOf({ ...instrument, takerFeePpm: 1_000 })).toBe(0);
  const commissions = new Commissions();
  commissions.told(APPLE, { execId: '1.01', commission: 1, currency: 'USD' }, 10);
  // A hundredth of a share's cost would be less than an order costs at least.
  expect(costOf({ ...APPLE, lotFees: { perLot: CENT, minimum: 35 * CENT } }, commissions)).toBe(35);
});

describe('a position that changes', () => {
  function watched() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const said: string[] = [];
    const reqPositions = vi.fn();
    const session = { api: { reqPositions } } as unknown as Session;
    const watch = new PositionWatch((detail) => said.push(detail));
    const contract = { conId: 1, localSymbol: 'NQZ6' };
    const position = (quantity: number, account = 'DU1') =>
      watch.onEvent(EventName.position, [account, contract, quantity, 0]);
    watch.begin(session, 'DU1');
    position(5);
    watch.onEvent(EventName.positionEnd, []);
    return {
      ...{ watch, session, said, position, asked: () => reqPositions.mock.calls.length },
      traded: (side: 'BOT' | 'SLD', shares: number) => watch.traded(contract, { side, shares } as Execution),
      pass: () => vi.advanceTimersByTimeAsync(2_000),
    };
  }

  it('by what the desk trades is no news, whichever is told first and in how many parts', async () => {
    const { said, position, traded, pass } = watched();
    traded('BOT', 3);
    position(8);
    position(7);
    traded('SLD', 1);
    traded('SLD', 2);
    traded('SLD', 5);
    position(5);
    position(0);
    // Told again, and of another account.
    position(0);
    position(9, 'DU2');
    await pass();
    expect(said).toEqual([]);
  });

  it('by another hand is told once for each change, whatever the desk trades beside it', async () => {
    const { said, position, traded, pass } = watched();
    position(0);
    await pass();
    await pass();
    traded('BOT', 2);
    position(2);
    await pass();
    position(1);
    traded('BOT', 1);
    await pass();
    expect(said).toEqual([
      'the position in NQZ6 is 0 without a trade of the desk',
      'the position in NQZ6 is 1 without a trade of the desk',
    ]);
  });

  it('while the connection was away is read anyway, and one whose changes were lost is asked for again', async () => {
    const { watch, session, said, position, pass, asked } = watched();
    position(4);
    watch.end();
    await pass();
    watch.begin(session, 'DU1');
    position(0);
    watch.onEvent(EventName.positionEnd, []);
    await pass();
    expect([said, asked()]).toEqual([[], 2]);
    watch.listAgain(session);
    position(3);
    await pass();
    expect([said.length, asked()]).toEqual([1, 3]);
  });
});
