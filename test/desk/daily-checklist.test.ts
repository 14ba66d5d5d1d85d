/** What the shipped desk looks at every day: the six items of its runbook, in the runbook's order. */
import { expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';

it('holds the six items of the runbook, every day, in its order', () => {
  const { desk } = loadDesk(resolveDesk('crypto-bot'));
  const daily = desk.routines.find(({ name }) => name === 'daily');
  expect(daily).toMatchObject({ at: ['23:50'] });
  expect(daily?.weekdays ?? []).toEqual([]);
  const checks = (daily?.steps ?? []).map((step) => ('check' in step ? step.check : null));
  expect(checks.slice(0, 6)).toEqual([
    'profit-and-positions',
    'strategies-on',
    'log-errors',
    'candles-stored',
    'telegram-round-trip',
    'expected-profit',
  ]);
});
