import { expect, it } from 'vitest';
import type { StepEvidence } from '../../src/contracts/evidence.js';
import { takeBatch } from '../../src/workflows/evidence-trail.js';

const steps = (count: number, chars: number): StepEvidence[] =>
  Array.from({ length: count }, (_, at) => ({
    routine: 'daily',
    stepKey: `${at}`,
    attemptGroup: 0,
    name: 'Disk space',
    kind: 'check',
    verdict: 'pass',
    observed: 'x'.repeat(chars),
    expected: '',
    startedMs: 0,
    finishedMs: 0,
    marketMs: null,
    person: null,
    reference: null,
    simulated: true,
  }));

/** Sizes of the batches in which all of them are written. */
function sizesOf(waiting: StepEvidence[]): number[] {
  const before = waiting.map(({ stepKey }) => stepKey);
  const batches: StepEvidence[][] = [];
  while (waiting.length > 0) batches.push(takeBatch(waiting));
  expect(batches.flat().map(({ stepKey }) => stepKey)).toEqual(before);
  return batches.map(({ length }) => length);
}

it('what is said in one moment is written together, up to thirty steps', () => {
  expect(sizesOf(steps(18, 100))).toEqual([18]);
  expect(sizesOf(steps(30, 1))).toEqual([30]);
  expect(sizesOf(steps(61, 1))).toEqual([30, 30, 1]);
});

it('long texts are written in smaller batches, the longest one by itself', () => {
  expect(sizesOf(steps(6, 16_000))).toEqual([3, 3]);
  expect(sizesOf(steps(2, 200_000))).toEqual([1, 1]);
});

it('there is nothing to take where nothing waits', () => {
  expect(takeBatch([])).toEqual([]);
});
