/** What is said between us and the process that runs code of a desk's folder. */
import type { StepParameters } from '../desk/step-parts.js';
import type { CheckContext, CheckOutcome } from './v1.js';

export interface PackProblem {
  readonly file: string;
  readonly line: number | null;
  readonly expected: string;
  readonly found: string;
  readonly doThis: string;
}

export interface DescribedCheck {
  readonly name: string;
  readonly title: string;
  /** JSON Schema. */
  readonly parameters: object;
}

export interface RunRequest {
  readonly context: CheckContext;
  readonly given: StepParameters;
}

export type Answer =
  /** Whose code runs from here on. */
  | { readonly begun: string }
  | { readonly check: DescribedCheck }
  | { readonly problem: PackProblem }
  | { readonly done: true }
  | { readonly outcome: CheckOutcome }
  | { readonly failed: string };

/** A line that is cut off is none. */
export function answersIn(text: string): readonly Answer[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Answer];
      } catch {
        return [];
      }
    });
}
