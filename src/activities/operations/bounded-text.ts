/** Bounds a step's text, because it goes into the history of a workflow, which has limits. */
import type { CheckOutcome } from '../../contracts/routine.js';

const TEXT_CHARS_MAX = 2_000;

export const boundedText = (text: string): string => text.slice(0, TEXT_CHARS_MAX);

export const boundedOutcome = ({ verdict, observed, expected }: CheckOutcome): CheckOutcome => ({
  verdict,
  observed: boundedText(observed),
  expected: boundedText(expected),
});
