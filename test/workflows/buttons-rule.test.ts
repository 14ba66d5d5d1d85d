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
