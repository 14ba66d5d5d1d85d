import type { StepEvidence } from '../contracts/evidence.js';

/** Bound the input and the time of one activity. */
const STEPS_MAX = 30;
const CHARS_MAX = 60_000;

/** Takes from the front what is written next: in its order, at least one where there is one. */
export function takeBatch(waiting: StepEvidence[]): StepEvidence[] {
  let chars = 0;
  const end = waiting.findIndex(({ observed, expected }, at) => {
    chars += observed.length + expected.length;
    return at === STEPS_MAX || (at > 0 && chars > CHARS_MAX);
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
