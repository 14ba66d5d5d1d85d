/**
 * Writes evidence beside the procedure: a stop never waits for Postgres. What is said in one moment, or while a write is
 * under way, is kept together: in its order, all of it or nothing. Each write is retried by Temporal within
 * `evidenceMs`; one that never succeeds is logged, not thrown (the trader's journal has the stop itself).
 */
import { type ActivityInterfaceFor, condition, log, workflowInfo } from '@temporalio/workflow';
import type { EvidenceActivities, RunIdentity, StepEvidence } from '../contracts/evidence.js';

/** Bound the input and the time of one activity. */
const STEPS_MAX = 30;

const CHARS_MAX = 60_000;

const SUMMARY_MAX = 200;
const NONCE_LENGTH = 8;

export class EvidenceTrail {
  private open = 0;
  private readonly waiting: StepEvidence[] = [];
  private writing = false;
  private isIncomplete = false;

  constructor(
    private readonly desk: string,
    private readonly calls: ActivityInterfaceFor<EvidenceActivities>,
  ) {}

  get settled(): boolean {
    return this.open === 0;
  }

  add(step: StepEvidence): void {
    this.waiting.push(step);
    if (!this.writing) this.keep('evidence', this.write());
  }

  /** For a step that may only be taken once everything before it is on record. Rejects where it is not so in time. */
  async stored(withinMs: number): Promise<void> {
    const isWritten = await condition(() => !this.writing, withinMs);
    if (!isWritten || this.isIncomplete) throw new Error('what came before could not be kept as evidence');
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

  private async write(): Promise<void> {
    this.writing = true;
    try {
      // What is said in the same moment goes together.
      await Promise.resolve();
      while (this.waiting.length > 0) await this.writeBatch(takeBatch(this.waiting));
    } finally {
      this.writing = false;
    }
  }

  private async writeBatch(steps: readonly StepEvidence[]): Promise<void> {
    const names = steps.map(({ name, verdict }) => `${name}, ${verdict}`).join('; ');
    const summary = `Evidence: ${names}`.slice(0, SUMMARY_MAX);
    try {
      await this.calls.recordEvidenceBatch.executeWithOptions({ summary }, [
        runIdentity(this.desk),
        steps.map(ofThisRun),
      ]);
    } catch (error) {
      this.isIncomplete = true;
      log.error('evidence could not be written', { summary, error: String(error) });
    }
  }
}

/**
 * A run that was reset does again what came after that point, and has the first run id of the one before it: what it
 * says is recorded beside what that one said, not taken for the same.
 */
function ofThisRun(step: StepEvidence): StepEvidence {
  const { runId, firstExecutionRunId, continuedFromExecutionRunId } = workflowInfo();
  const isReset = runId !== firstExecutionRunId && continuedFromExecutionRunId === undefined;
  return isReset ? { ...step, stepKey: `${step.stepKey}~${runId.slice(-NONCE_LENGTH)}` } : step;
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

/** Takes from the front what is written next: in its order, at least one where there is one. */
export function takeBatch(waiting: StepEvidence[]): StepEvidence[] {
  let chars = 0;
  const end = waiting.findIndex(({ observed, expected }, at) => {
    chars += observed.length + expected.length;
    return at === STEPS_MAX || (at > 0 && chars > CHARS_MAX);
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
