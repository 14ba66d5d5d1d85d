/**
 * Writes evidence beside the procedure: a stop never waits for Postgres. Each write is retried by Temporal within
 * `evidenceMs`; one that never succeeds is counted, not thrown (the trader's journal has the stop itself).
 */
import { log, workflowInfo } from '@temporalio/workflow';
import type { RunIdentity, StepEvidence } from './evidence.js';

export type RecordEvidence = (run: RunIdentity, step: StepEvidence) => Promise<void>;

export class EvidenceTrail {
  private open = 0;
  private lost = 0;

  constructor(
    private readonly desk: string,
    private readonly record: RecordEvidence,
  ) {}

  get settled(): boolean {
    return this.open === 0;
  }

  get lostCount(): number {
    return this.lost;
  }

  add(step: StepEvidence): void {
    this.open += 1;
    this.record(runIdentity(this.desk), step)
      .catch((error: unknown) => {
        this.lost += 1;
        log.error('evidence could not be written', { step: step.stepKey, error: String(error) });
      })
      .finally(() => {
        this.open -= 1;
      });
  }
}

export function runIdentity(desk: string): RunIdentity {
  const info = workflowInfo();
  return {
    desk,
    workflowId: info.workflowId,
    firstRunId: info.firstExecutionRunId,
    runId: info.runId,
  };
}
