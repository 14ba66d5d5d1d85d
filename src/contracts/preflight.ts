/** What the pre-flight found. */
export type PreflightVerdict = 'pass' | 'warn' | 'fail';

export interface PreflightOutcome {
  readonly verdict: PreflightVerdict;
  readonly observed: string;
  readonly expected: string;
}

export interface PreflightResult extends PreflightOutcome {
  readonly key: string;
  readonly title: string;
}

export interface PreflightReport {
  readonly desk: string;
  readonly configHash: string;
  readonly endpoint: string;
  /** A failure forbids a start with real money; a warning does not, and is told. */
  readonly verdict: PreflightVerdict;
  readonly results: readonly PreflightResult[];
  readonly atMs: number;
}
