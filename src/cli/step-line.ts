import type { StepResult } from '../contracts/routine.js';

export const MARKS = { pass: '✓', warn: '!', fail: '✗', not_run: '-' } as const;

export function stepLine({ title, verdict, observed, expected }: StepResult): string {
  return `  ${MARKS[verdict]} ${title}: ${observed}${verdict === 'pass' ? '' : ` (expected: ${expected})`}`;
}
