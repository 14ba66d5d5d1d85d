import type { Evidence, EvidenceKind, EvidenceVerdict } from '../../contracts/evidence.js';

export interface EvidenceRow {
  readonly id: string;
  readonly desk: string;
  readonly workflow_id: string;
  readonly first_run_id: string;
  readonly run_id: string;
  readonly routine: string;
  readonly step_key: string;
  readonly attempt_group: number;
  readonly name: string;
  readonly kind: EvidenceKind;
  readonly verdict: EvidenceVerdict;
  readonly observed: string;
  readonly expected: string;
  readonly started: Date;
  readonly finished: Date;
  readonly market: Date | null;
  readonly person: string | null;
  readonly reference: string | null;
  readonly simulated: boolean;
  readonly previous_hash: string;
  readonly hash: string;
}

export function evidenceFromRow(row: EvidenceRow): Evidence {
  return {
    id: Number(row.id),
    desk: row.desk,
    workflowId: row.workflow_id,
    firstRunId: row.first_run_id,
    runId: row.run_id,
    routine: row.routine,
    stepKey: row.step_key,
    attemptGroup: row.attempt_group,
    name: row.name,
    kind: row.kind,
    verdict: row.verdict,
    observed: row.observed,
    expected: row.expected,
    startedMs: row.started.getTime(),
    finishedMs: row.finished.getTime(),
    marketMs: row.market?.getTime() ?? null,
    person: row.person,
    reference: row.reference,
    simulated: row.simulated,
    previousHash: row.previous_hash,
    hash: row.hash,
  };
}
