/** What the shipped desk looks at every day: the six items of its runbook, in the runbook's order. */
import { expect, it } from 'vitest';
import type { RoutineInput } from '../../src/contracts/routine.js';
import { resolveDesk } from '../../src/desk/resolve-desk.js';
import type { Desk } from '../../src/desk/schema.js';
import { scheduleDefinitions } from '../../src/temporal/schedules/schedule-definition.js';
import { loadDesk } from '../../src/venue/load-desk.js';

it('holds the six items of the runbook, every day, in its order', () => {
  const { desk } = loadDesk(resolveDesk('crypto-bot'));
  const daily = (of: Desk) =>
    scheduleDefinitions(of, 'abc', true).find(({ routine }) => routine === 'daily')!.options;
  const calendars = [{ hour: 23, minute: 50 }];
  expect(daily(desk).spec).toEqual({ calendars, timezone: 'UTC' });
  expect(daily({ ...desk, timezone: 'Asia/Tokyo' }).spec).toEqual({ calendars, timezone: 'Asia/Tokyo' });
  // The day is the last 24 hours, no error is usual, and what is usual is that of a month.
  const checks = [
    { check: 'profit-and-positions', onFail: 'incident', required: true },
    { check: 'strategies-on', required: true },
    { check: 'log-errors', required: true, with: { hours: 24, errorsMax: 0 } },
    { check: 'candles-stored', required: true, with: { hours: 24 } },
    { check: 'telegram-round-trip', timeoutSeconds: 60 },
    { check: 'expected-profit', with: { days: 30, deviations: 2 } },
  ];
  const [input] = daily(desk).action.args as [RoutineInput];
  expect(input).toMatchObject({ desk: 'crypto-bot', name: 'daily', incarnation: 'abc' });
  expect(input.steps.slice(0, 6)).toMatchObject(checks);
});
