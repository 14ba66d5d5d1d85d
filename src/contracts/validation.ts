/** The contract of validations: the reference to a validation, and its outcome. */

/** The longest validation: one year. */
export const VALIDATION_HOURS_MAX = 8_784;

export interface ValidationRef {
  readonly desk: string;
  readonly id: string;
}

/** Kept small: the report itself stays on disk. */
export interface ValidationOutcome {
  readonly recommendation: 'GO' | 'NO-GO';
  readonly qualifies: boolean;
  readonly simulated: boolean;
  readonly verdicts: readonly {
    readonly name: string;
    readonly title: string;
    readonly passed: boolean;
    readonly text: string;
    readonly expected: string;
  }[];
  readonly dataProblems: readonly string[];
  /** Halted for too long, or a strategy that stayed off. */
  readonly standstills: readonly string[];
  readonly reached: string | null;
  readonly summary: string;
  readonly hash: string;
  readonly files: { readonly json: string; readonly html: string };
}

export interface ValidationActivities {
  /** Continues where an earlier attempt ended; for a finished validation, returns its report again. */
  runValidation(reference: ValidationRef): Promise<ValidationOutcome>;
  recordValidationReport(reference: ValidationRef): Promise<void>;
  announceValidation(reference: ValidationRef): Promise<void>;
}
