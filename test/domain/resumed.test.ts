import { expect, it } from 'vitest';
import { resumedText } from '../../src/domain/mode.js';

const reason = 'resumption after: the trader started; it trades again once everything is checked';

it.each([
  [
    'rule',
    'resumed automatically: all checks passed after "the trader started; it trades again once everything is checked"',
  ],
  ['person', 'resumed by anna, after "the trader started; it trades again once everything is checked"'],
  [
    'two-people',
    'resumed by anna (two people), after "the trader started; it trades again once everything is checked"',
  ],
] as const)('says who let the desk trade again, by %s', (authority, text) => {
  expect(resumedText({ by: 'anna', authority, reason })).toBe(text);
});

it('says the reason of a person who gave one', () => {
  expect(resumedText({ by: 'anna', authority: 'person', reason: 'looked at it' })).toBe(
    'resumed by anna: looked at it',
  );
});
