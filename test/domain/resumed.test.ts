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

it('says a person’s own reason, on the desk’s one line', () => {
  const said = [{ person: 'anna', reason: 'feed is back\nHALTED: by nobody' }];
  expect(resumedText({ by: 'anna', authority: 'person', reason, said })).toBe(
    'resumed by anna: "feed is back HALTED: by nobody", after "the trader started; it trades again once everything is checked"',
  );
});

it('does not name who asked for a go-live as one who approved it', () => {
  const armed = { by: 'operator', authority: 'two-people', reason: 'the release is ready' } as const;
  expect(resumedText({ ...armed, goLive: true })).toBe(
    'resumed as operator asked, by a go-live that was approved: the release is ready',
  );
  // No word of a name or a reason decides it.
  expect(resumedText({ ...armed, by: 'hand and eye', goLive: true })).toBe(
    'resumed as hand and eye asked, by a go-live that was approved: the release is ready',
  );
  expect(resumedText({ ...armed, goLive: false })).toBe(
    'resumed by operator (two people): the release is ready',
  );
  // A record of an earlier build does not say: its journal comes to the words of then.
  expect(resumedText(armed)).toBe(
    'resumed as operator asked, by a go-live that was approved: the release is ready',
  );
});

it('says which of two people gave which reason', () => {
  const said = [
    { person: 'anna', reason: 'feed is back' },
    { person: 'ben', reason: 'looked too' },
  ];
  expect(
    resumedText({ by: 'anna and ben', authority: 'two-people', reason: 'resumption after: no prices', said }),
  ).toBe('resumed by anna and ben (two people): anna "feed is back", ben "looked too", after "no prices"');
});
