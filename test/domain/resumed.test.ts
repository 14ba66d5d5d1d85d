import { expect, it } from 'vitest';
import { resumedText } from '../../src/domain/mode.js';

const reason = 'resumption after: the trader started; it trades again once everything is checked';

it.each([
  [
    'rule',
    'resumed automatically: all checks passed after "the trader started; it trades again once everything is checked"',
  ],
  ['person', 'resumed by anna: the trader started; it trades again once everything is checked'],
  [
    'two-people',
    'resumed by anna (two people): the trader started; it trades again once everything is checked',
  ],
] as const)('says who let the desk trade again, by %s', (authority, text) => {
  expect(resumedText({ by: 'anna', authority, reason })).toBe(text);
});
