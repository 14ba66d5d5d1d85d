/** What the matrix of Temporal's buttons lets pass, and what not. */
import { expect, it } from 'vitest';
import { expectAsUndisturbed, type Outcome } from '../support/kill-matrix/outcome.js';

const left = (evidence: readonly string[], notices: readonly string[] = []): Outcome => ({
  trader: { mode: 'ACTIVE', halts: [], live: null, settings: 1, told: [] },
  evidence,
  notices,
  asked: [],
});
const undisturbed = { before: left([]), once: left(['backup take pass']) };

it('a step that failed because somebody pressed "Cancel" is no finding, any other one is', () => {
  const told = ['warning DESK: somebody cancelled the backup'];
  const judge = (button: string, line: string) => () =>
    expectAsUndisturbed(button, left([line], told), undisturbed, true);
  expect(judge('cancel', 'backup ended fail-cancelled')).not.toThrow();
  expect(judge('cancel', 'backup ended fail')).toThrow(/evidence/);
});

it('a reset that did less says so as evidence', () => {
  const judge = (lines: readonly string[]) => () =>
    expectAsUndisturbed('reset', left(lines), undisturbed, true);
  expect(judge([])).toThrow(/nobody was told/);
  expect(judge(['backup superseded not_run'])).not.toThrow();
});

it.each([
  ['cancel', 'warning DESK: somebody cancelled the backup', 'warning DESK: abandoned: the backup'],
  ['terminate', 'warning DESK: abandoned: the backup', 'warning DESK: somebody cancelled the backup'],
  ['lose', 'critical Abandoned: Going live: test-ID', 'critical Abandoned: A large-drawdown'],
  ['lose', 'warning Abandoned: Trade real money on DESK', 'warning DESK: going live failed'],
  ['reset', 'critical DESK: going live was begun anew while it was live', 'warning DESK: the venue is away'],
])(
  'a notice passes by what it says, not by its level: of "%s" %j does, %j does not',
  (button, own, foreign) => {
    const judge = (notice: string) => () =>
      expectAsUndisturbed(button, left(['backup take pass'], [notice]), undisturbed, true);
    expect(judge(own)).not.toThrow();
    expect(judge(foreign)).toThrow(/notices/);
  },
);

it('evidence that warns passes only where it is what the button leaves', () => {
  const judge = (button: string, line: string) => () =>
    expectAsUndisturbed(button, left(['backup take pass', line]), undisturbed, true);
  expect(judge('cancel', 'resumption cancelled warn-cancelled')).not.toThrow();
  expect(judge('cancel', 'backup verify warn')).toThrow(/evidence/);
  expect(judge('reset', 'go-live live-before warn')).not.toThrow();
  expect(judge('reset', 'backup verify warn')).toThrow(/evidence/);
});
