/** The checks of desks/slob, each run as a routine runs it: in a process of its own, on what the trader says. */
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { outcomeOf, startPackChild } from '../../src/checks/own-parts.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { PositionFacts, TraderFacts } from '../../src/pack/v1.js';

const folder = dirname(resolveDesk('slob'));
const QUIET: TraderFacts = {
  ...{
    mode: 'ACTIVE',
    reason: 'armed',
    marketMs: 0,
    equity: '1000000.00',
    cash: '1000000.00',
    dayPnl: '0.00',
  },
  ...{ drawdownPct: '0.00', openOrders: 0, fills: 0, positions: [], prices: [], strategies: [] },
};
const SHORT: PositionFacts = {
  ...{ symbol: 'NQ/USD', side: 'short', quantity: '1', averagePrice: '15234.00', markPrice: '15230.00' },
  ...{ unrealised: '80.00', stopPrice: '15250.00' },
};

async function lookAt(check: string, given: Record<string, number>, trader: TraderFacts | null) {
  const desk = { name: 'slob', mode: 'paper', currency: 'USD', zone: 'America/New_York' } as const;
  const child = await startPackChild(folder, `checks/${check}`, {
    context: { desk, nowMs: 0, trader },
    given,
  });
  return outcomeOf(join(folder, 'nowhere'), await child.ended);
}

it.each([
  ['drawdown', { maxPct: 5 }, { drawdownPct: '4.99' }, { drawdownPct: '5.00' }],
  ['flat', {}, {}, { positions: [SHORT] }],
  ['flat', {}, {}, { openOrders: 1 }],
])(
  '%s passes, fails for the real thing, and is not run while the trader does not answer (%#)',
  async (check, given, good, bad) => {
    const looks = [{ ...QUIET, ...good }, { ...QUIET, ...bad }, null].map((trader) =>
      lookAt(check, given as Record<string, number>, trader),
    );
    const verdicts = (await Promise.all(looks)).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(['pass', 'fail', 'not_run']);
  },
);

it('a person reads how far it fell, what is held and what rests', async () => {
  const [fell, held, rests] = await Promise.all([
    lookAt('drawdown', { maxPct: 5 }, { ...QUIET, drawdownPct: '5.21', equity: '94790.00' }),
    lookAt('flat', {}, { ...QUIET, positions: [SHORT] }),
    lookAt('flat', {}, { ...QUIET, openOrders: 2 }),
  ]);
  expect(fell).toMatchObject({ observed: '5.21 % at an equity of 94790.00', expected: 'below 5 %' });
  expect(held).toMatchObject({
    ...{ observed: 'short 1 NQ/USD; 0 orders', expected: 'no position and no order' },
  });
  expect(rests).toMatchObject({ observed: 'nothing held; 2 orders' });
});
