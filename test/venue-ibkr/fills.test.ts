/** Executions as the engine's fills, without a Gateway. */
import { EventName } from '@stoqey/ib';
import { expect, it, onTestFinished } from 'vitest';
import type { Instrument } from '../../src/domain/instrument.js';
import { readFill } from '../../src/venue/ibkr/fills.js';
import { LiveEvents } from '../../src/venue/ibkr/live-events.js';
import { APPLE, NQ } from './support/at-gateway.js';

const CENT = 1_000_000;
const TIME = '20261120 10:00:00 US/Eastern';

function fillOf(instrument: Instrument, side: 'BOT' | 'SLD', price: number) {
  const contract = { conId: 1 };
  const execution = { execId: '0001.01', side, shares: 10, price, permId: 7, time: TIME };
  const cost = { execId: '0001.01', commission: 1, currency: 'USD' };
  return readFill({ contract, execution, cost }, marketOf(instrument), false);
}

function marketOf(instrument: Instrument) {
  return { instrument, contract: { conId: 1 }, name: instrument.symbol, listed: null, problem: null };
}

/** Of one order for two contracts, as the connection of orders hears it. */
function heard() {
  const told: string[] = [];
  const market = marketOf(NQ);
  const live = new LiveEvents({
    setup: () => ({ account: 'DU1', contracts: new Map(), byConId: new Map([[1, market]]), closed: [] }),
    simulated: false,
    emit: (event) => {
      if (event.kind === 'fill') told.push(`${event.fill.priceTicks} for ${event.fill.fee / CENT}`);
      if (event.kind === 'order') told.push(event.order.state);
    },
    missed: (detail) => told.push(detail),
    note: (what, cause) => told.push(`${what}: ${cause}`),
  });
  onTestFinished(() => live.close());
  const ids = { orderId: 5, clientId: 10, permId: 7 };
  const its = { action: 'BUY', totalQuantity: 2, orderType: 'MKT', orderRef: 'fabcdef1' };
  return {
    told,
    filled() {
      live.onEvent(EventName.openOrder, [5, { conId: 1 }, { ...ids, ...its }, { status: 'Filled' }]);
      live.onEvent(EventName.orderStatus, [5, 'Filled', 2, 0, 15_000, 7, 0, 15_000, 10, '', 0]);
    },
    execution(execId: string, price: number, shares = 2) {
      const execution = { ...ids, orderRef: 'fabcdef1', execId, side: 'BOT', shares, price, time: TIME };
      live.onEvent(EventName.execDetails, [-1, { conId: 1 }, execution]);
    },
    cost(execId: string, commission: number) {
      live.onEvent(EventName.commissionReport, [{ execId, commission, currency: 'USD' }]);
    },
  };
}

it('of a stock between two ticks have the better one, and what was paid beyond it is a cost', () => {
  expect(fillOf(APPLE, 'BOT', 150.005)).toMatchObject({ priceTicks: 15_000, fee: 105 * CENT });
  expect(fillOf(APPLE, 'SLD', 150.0025)).toMatchObject({ priceTicks: 15_001, fee: 107.5 * CENT });
  expect(fillOf(APPLE, 'SLD', 150.01)).toMatchObject({ priceTicks: 15_001, fee: 100 * CENT });
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

it('that are taken back before their cost is told are none, and the account is read', () => {
  const { told, execution, cost } = heard();
  execution('0001f4e8.5f1d.01.01', 15_000);
  execution('0001f4e8.5f1d.01.02', 15_000, 0);
  cost('0001f4e8.5f1d.01.01', 4.5);
  cost('0001f4e8.5f1d.01.02', 4.5);
  expect(told).toEqual(['the broker has taken the trade 0001f4e8.5f1d.01 back']);
});
