/**
 * Writes evidence beside the procedure: a stop never waits for Postgres. Each write is retried by Temporal within
 * `evidenceMs`; one that never succeeds is logged, not thrown (the trader's journal has the stop itself).
 */
import { type ActivityInterfaceFor, log, workflowInfo } from '@temporalio/workflow';
import type { RunIdentity, StepEvidence } from './evidence.js';

interface EvidenceActivities {
  recordEvidence(run: RunIdentity, step: StepEvidence): Promise<void>;
}

interface BatchActivities {
  recordEvidenceBatch(run: RunIdentity, steps: readonly StepEvidence[]): Promise<void>;
}

/** Bounds the input of one activity. */
const BATCH_MAX = 15;

export class EvidenceTrail {
  private open = 0;
  private readonly waiting: StepEvidence[] = [];
  private flushing = false;

  /** `batches`: what comes while a write is under way is written together, for procedures of many steps. */
  constructor(
    private readonly desk: string,
    private readonly calls: ActivityInterfaceFor<EvidenceActivities>,
    private readonly batches: ActivityInterfaceFor<BatchActivities> | null = null,
  ) {}

  get settled(): boolean {
    return this.open === 0;
  }

  add(step: StepEvidence): void {
    if (this.batches !== null) {
      this.waiting.push(step);
      if (!this.flushing) this.keep('evidence', this.flush(this.batches));
      return;
    }
    const summary = `Evidence: ${step.name}, ${step.verdict}`;
    const args: [RunIdentity, StepEvidence] = [runIdentity(this.desk), step];
    this.keep(summary, this.calls.recordEvidence.executeWithOptions({ summary }, args));
  }

  private async flush(batches: ActivityInterfaceFor<BatchActivities>): Promise<void> {
    this.flushing = true;
    try {
      // What ended in the same moment goes together.
      await Promise.resolve();
      while (this.waiting.length > 0) {
        const steps = this.waiting.splice(0, BATCH_MAX);
        const summary =
          `Evidence: ${steps.map(({ name, verdict }) => `${name}, ${verdict}`).join('; ')}`.slice(0, 200);
        await batches.recordEvidenceBatch
          .executeWithOptions({ summary }, [runIdentity(this.desk), steps])
          .catch((error: unknown) =>
            log.error('evidence could not be written', { summary, error: String(error) }),
          );
      }
    } finally {
      this.flushing = false;
    }
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
