/** The result of one check of doctor. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'not_run';

export interface Finding {
  readonly name: string;
  readonly verdict: Verdict;
  readonly observed: string;
  readonly expected: string;
  /** Null if there is nothing to do. */
  readonly doThis: string | null;
}

export interface DoctorContext {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly deskFile: string;
  /** Port of dashboard and API; null if the desk file can't be read. */
  readonly apiPort: number | null;
  /** Venues whose public servers send the time. */
  readonly feeds: readonly string[];
  readonly nowMs: () => number;
}

export type DoctorCheck = (context: DoctorContext) => Promise<Finding>;

/** A finding that has advice only if it does not pass. */
export function finding(
  name: string,
  verdict: Verdict,
  observed: string,
  expected: string,
  doThis: string,
): Finding {
  return { name, verdict, observed, expected, doThis: verdict === 'pass' ? null : doThis };
}
