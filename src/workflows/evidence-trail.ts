/**
 * Writes evidence beside the procedure: a stop never waits for Postgres. Each write is retried by Temporal within
 * `evidenceMs`; one that never succeeds is logged, not thrown (the trader's journal has the stop itself).
 */
import { type ActivityInterfaceFor, log, workflowInfo } from '@temporalio/workflow';
import type { RunIdentity, StepEvidence } from './evidence.js';

interface EvidenceActivities {
  recordEvidence(run: RunIdentity, step: StepEvidence): Promise<void>;
}

export class EvidenceTrail {
  private open = 0;

  constructor(
    private readonly desk: string,
    private readonly calls: ActivityInterfaceFor<EvidenceActivities>,
  ) {}

  get settled(): boolean {
    return this.open === 0;
  }

  add(step: StepEvidence): void {
    const summary = `Evidence: ${step.name}, ${step.verdict}`;
    const args: [RunIdentity, StepEvidence] = [runIdentity(this.desk), step];
    this.keep(summary, this.calls.recordEvidence.executeWithOptions({ summary }, args));
  }

  /** Anything else that has to be done before the workflow may end, and that nothing waits for until then. */
  keep(what: string, done: Promise<unknown>): void {
    this.open += 1;
    done
      .catch((error: unknown) => {
        log.error('could not be done', { what, error: String(error) });
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
