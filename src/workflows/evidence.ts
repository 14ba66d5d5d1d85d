/** What a workflow says about one step: the row that ends up in Postgres, append-only. */
import type { EvidenceInput, EvidenceVerdict } from '../store/evidence/evidence.js';

export type Verdict = EvidenceVerdict;

export const VERDICT_RANK: Readonly<Record<Verdict, number>> = { pass: 0, not_run: 1, warn: 2, fail: 3 };

/** Whose evidence it is; also the idempotency key, together with the step. */
export type RunIdentity = Pick<EvidenceInput, 'desk' | 'workflowId' | 'firstRunId' | 'runId'>;

export type StepEvidence = Omit<Required<EvidenceInput>, keyof RunIdentity>;
