/** What a step of a routine found, did or decided. Written once, never changed, chained by hashes per desk. */
export type EvidenceKind = 'check' | 'action' | 'report' | 'human' | 'decision';
export type EvidenceVerdict = 'pass' | 'warn' | 'fail' | 'not_run';

export interface EvidenceInput {
  readonly desk: string;
  readonly workflowId: string;
  /** Of the workflow's first run: `estop:<desk>` runs again next week under the same workflow id. */
  readonly firstRunId: string;
  readonly runId: string;
  readonly routine: string;
  readonly stepKey: string;
  /** Counts deliberate repetitions of a step; a retry of an activity keeps its number. Default 0. */
  readonly attemptGroup?: number;
  readonly name: string;
  readonly kind: EvidenceKind;
  readonly verdict: EvidenceVerdict;
  readonly observed: string;
  readonly expected: string;
  /** Wall milliseconds. */
  readonly startedMs: number;
  readonly finishedMs: number;
  readonly marketMs: number | null;
  readonly person: string | null;
  readonly reference: string | null;
  readonly simulated: boolean;
}

export interface Evidence extends Required<EvidenceInput> {
  readonly id: number;
  readonly previousHash: string;
  /** Hex SHA-256 over the previous hash and the canonical JSON of the input. */
  readonly hash: string;
}

/** Longer observations are cut, with a mark. */
export const TEXT_CHARS_MAX = 16_384;

/** Before the first evidence of a desk. */
export const FIRST_PREVIOUS_HASH = '0'.repeat(64);
