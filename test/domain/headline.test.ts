import { expect, it } from 'vitest';
import { type HeadlineSubject, headline, headlineLine } from '../../src/domain/mode.js';

const on = { enabled: true };
const off = { enabled: false };
const desk = (change: Partial<HeadlineSubject> = {}): HeadlineSubject => ({
  ...{ mode: 'ACTIVE', reason: 'every check was clean', strategies: [on, off] },
  ...{ marketData: { state: 'up' }, ...change },
});

it.each<[Partial<HeadlineSubject>, string, string]>([
  [{}, 'go', 'ACTIVE: every check was clean'],
  [{ marketData: { state: 'waiting' } }, 'go', 'ACTIVE: every check was clean'],
  [
    { strategies: [off, off] },
    'caution',
    'ACTIVE, but every strategy is off: nothing is entered until one is switched on',
  ],
  [
    { marketData: { state: 'down' } },
    'caution',
    'ACTIVE, but no prices come in: nothing is entered until they are back',
  ],
  [{ mode: 'REDUCING', reason: 'the day is over' }, 'caution', 'REDUCING: the day is over'],
  [{ mode: 'HALTED', reason: 'lunch', strategies: [off] }, 'alarm', 'HALTED: lunch'],
  [
    {
      ...{ mode: 'HALTED', reason: 'no reason given' },
      halts: [
        { by: 'anna', reason: 'no reason given' },
        { by: 'fermata', reason: 'no prices' },
      ],
    },
    'alarm',
    'HALTED: by anna, no reason given',
  ],
  [{ mode: 'KILLED', reason: 'by two', marketData: { state: 'down' } }, 'alarm', 'KILLED: by two'],
])('%j is %s: %s', (change, tone, line) => {
  expect(headline(desk(change)).tone).toBe(tone);
  expect(headlineLine(desk(change))).toBe(line);
});
