/** How many contracts the SLOB desk sells, by the limits and the size of its file, NQ at 20,000. */
import { describe, expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { parseMoney } from '../../src/domain/money.js';
import { buildInstruments } from '../../src/trader/engine-config.js';
import { loadDesk } from '../../src/venue/load-desk.js';
import { DeskUnderTest } from '../engine/support/desk.js';
import { oneEntry } from '../engine/support/one-entry.js';
import { FUTURES } from '../support/engine-config.js';

const TICKS_PER_POINT = 4;
const NQ = 20_000 * TICKS_PER_POINT;
const { desk: file } = loadDesk(resolveDesk('slob'));

function selling(stopPoints: number, equity: string): DeskUnderTest {
  const wish = { side: 'sell', limitTicks: NQ, protectTicks: NQ + stopPoints * TICKS_PER_POINT } as const;
  const [{ size } = {}] = file.strategies;
  const desk = new DeskUnderTest({
    instruments: buildInstruments(file),
    strategies: [{ ...oneEntry(wish), symbols: ['NQ/USD'], size }],
    ...{ risk: file.risk, capabilities: FUTURES, startingCash: parseMoney(equity) },
  }).active();
  desk.bar(0, NQ);
  return desk;
}

describe('what is sold', () => {
  // 1 % of equity ÷ (points of the stop × $20), rounded down.
  it.each([
    [25, '100000', 2], // 1,000 ÷ 500
    [24.75, '100000', 2],
    [25.25, '100000', 1], // 1,000 ÷ 505
    [50, '100000', 1],
    [10, '100000', 5],
    [16.75, '100000', 2], // 1,000 ÷ 335
    [25, '50000', 1],
  ])('with a stop of %d points at %s: %i contracts', (points, equity, contracts) => {
    expect(selling(points, equity).live('entry', 0)).toMatchObject([
      { side: 'sell', quantityLots: contracts },
    ]);
  });

  it.each([9.75, 5, 1])('is never more than five contracts: a stop of %d points', (points) => {
    expect(selling(points, '100000').live('entry', 0)).toMatchObject([{ quantityLots: 5 }]);
  });

  it.each([
    [50.25, '100000', '1 % of equity is 1000.00 USD, and one lot loses 1005.00 USD at its stop'],
    [25, '49999', '1 % of equity is 499.99 USD, and one lot loses 500.00 USD at its stop'],
  ])('is nothing with a stop of %d points at %s, on record', (points, equity, reason) => {
    const desk = selling(points, equity);
    expect(desk.live('entry', 0)).toEqual([]);
    expect(desk.recorded('order.denied')).toMatchObject([
      { limit: 'size', reason: expect.stringContaining(reason) },
    ]);
  });
});
