/** What the shipped desk looks at every day: the six items of its runbook, in the runbook's order. */
import { expect, it } from 'vitest';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import { loadDesk } from '../../src/venue/load-desk.js';

it('holds the six items of the runbook, every day, in its order', () => {
  const { desk } = loadDesk(resolveDesk('crypto-bot'));
  const daily = desk.routines.find(({ name }) => name === 'daily');
  expect(daily).toMatchObject({ at: ['23:50'] });
  expect(daily?.weekdays ?? []).toEqual([]);
  // The day is the last 24 hours, no error is usual, and what is usual is that of a month.
  expect(daily?.steps.slice(0, 6)).toMatchObject([
    { check: 'profit-and-positions', onFail: 'incident', required: true },
    { check: 'strategies-on', required: true },
    { check: 'log-errors', required: true, with: { hours: 24, errorsMax: 0 } },
    { check: 'candles-stored', required: true, with: { hours: 24 } },
    { check: 'telegram-round-trip', timeoutSeconds: 60 },
    { check: 'expected-profit', with: { days: 30, deviations: 2 } },
  ]);
});
