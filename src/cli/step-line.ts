import type { StepResult } from '../contracts/routine.js';

const MARK = { pass: '✓', warn: '!', fail: '✗', not_run: '-' } as const;

export function stepLine({ title, verdict, observed, expected }: StepResult): string {
  return `  ${MARK[verdict]} ${title}: ${observed}${verdict === 'pass' ? '' : ` (expected: ${expected})`}`;
}
