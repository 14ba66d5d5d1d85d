/** Executions as the engine's fills, without a Gateway. */
import { expect, it } from 'vitest';
import type { Instrument } from '../../src/domain/instrument.js';
import { readFill } from '../../src/venue/ibkr/fills.js';
import { APPLE, NQ } from './support/at-gateway.js';

const CENT = 1_000_000;
const TIME = '20261120 10:00:00 US/Eastern';

function fillOf(instrument: Instrument, side: 'BOT' | 'SLD', price: number) {
  const contract = { conId: 1 };
  const execution = { execId: '0001.01', side, shares: 10, price, permId: 7, time: TIME };
  const cost = { execId: '0001.01', commission: 1, currency: 'USD' };
  const market = { instrument, contract, name: instrument.symbol, listed: null, problem: null };
  return readFill({ contract, execution, cost }, market, false);
}

it('of a stock between two ticks have the better one, and what was paid beyond it is a cost', () => {
  expect(fillOf(APPLE, 'BOT', 150.005)).toMatchObject({ priceTicks: 15_000, fee: 105 * CENT });
  expect(fillOf(APPLE, 'SLD', 150.0025)).toMatchObject({ priceTicks: 15_001, fee: 107.5 * CENT });
  expect(fillOf(APPLE, 'SLD', 150.01)).toMatchObject({ priceTicks: 15_001, fee: 100 * CENT });
});

it('of a future between two ticks are not believed', () => {
  expect(() => fillOf(NQ, 'BOT', 15_234.1)).toThrow('15234.1 is no whole number of 0.25');
});
