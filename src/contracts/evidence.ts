/**
 * Evidence: a statement about one step, stored as a row in Postgres that is never changed or deleted. The
 * rows of a desk are chained by their hashes.
 */

export type Verdict = EvidenceVerdict;

export const VERDICT_RANK: Readonly<Record<Verdict, number>> = { pass: 0, not_run: 1, warn: 2, fail: 3 };

/** The run that the evidence is about; with the step, also the idempotency key. */
export type RunIdentity = Pick<EvidenceInput, 'desk' | 'workflowId' | 'firstRunId' | 'runId'>;

export type StepEvidence = Omit<Required<EvidenceInput>, keyof RunIdentity>;

export type EvidenceKind = 'check' | 'action' | 'report' | 'human' | 'decision';

export const EVIDENCE_VERDICTS = ['pass', 'warn', 'fail', 'not_run'] as const;
export type EvidenceVerdict = (typeof EVIDENCE_VERDICTS)[number];

export interface EvidenceInput {
  readonly desk: string;
  readonly workflowId: string;
  /** Id of the workflow's first run: `estop:<desk>` may run again next week under the same workflow id. */
  readonly firstRunId: string;
  readonly runId: string;
  readonly routine: string;
  readonly stepKey: string;
  /** Counts deliberate repetitions of a step; a retried activity keeps its number. Default: 0. */
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

/** For every procedure, on whichever worker. */
export interface EvidenceActivities {
  /** All of them or none, in this order; one row per run, step and attempt group, however often it is attempted. */
  recordEvidenceBatch(run: RunIdentity, steps: readonly StepEvidence[]): Promise<void>;
}
