/**
 * Writes evidence without blocking the procedure: a stop never waits for Postgres. Steps that are added at the same
 * moment, or while a write is under way, go into one write, in order, all or nothing. Temporal retries each write for
 * `evidenceMs`; a write that never succeeds is logged, not thrown (the trader's journal has the stop itself).
 */
import { type ActivityInterfaceFor, condition, log, workflowInfo } from '@temporalio/workflow';
import type { EvidenceActivities, RunIdentity, StepEvidence } from '../contracts/evidence.js';

/** These bound the size and the duration of one activity. */
const STEPS_MAX = 30;

const CHARS_MAX = 60_000;

const SUMMARY_MAX = 200;
const NONCE_LENGTH = 8;

export class EvidenceTrail {
  #open = 0;
  readonly #waiting: StepEvidence[] = [];
  #writing = false;
  #isIncomplete = false;

  constructor(
    private readonly desk: string,
    private readonly calls: ActivityInterfaceFor<EvidenceActivities>,
  ) {}

  get settled(): boolean {
    return this.#open === 0;
  }

  add(step: StepEvidence): void {
    this.#waiting.push(step);
    if (!this.#writing) this.keep('evidence', this.#write());
  }

  /**
   * For a step that may only be taken once all earlier evidence is on record. Rejects if that takes longer than
   * `withinMs`.
   */
  async stored(withinMs: number): Promise<void> {
    const isWritten = await condition(() => !this.#writing, withinMs);
    if (!isWritten || this.#isIncomplete) throw new Error('what came before could not be kept as evidence');
  }

  /** Anything else that must finish before the workflow may end, and that nothing else awaits. */
  keep(what: string, done: Promise<unknown>): void {
    this.#open += 1;
    done
      .catch((error: unknown) => {
        log.error('could not be done', { what, error: String(error) });
      })
      .finally(() => {
        this.#open -= 1;
      });
  }

  async #write(): Promise<void> {
    this.#writing = true;
    try {
      // Gathers the steps that are added at the same moment into one write.
      await Promise.resolve();
      while (this.#waiting.length > 0) await this.#writeBatch(takeBatch(this.#waiting));
    } finally {
      this.#writing = false;
    }
  }

  async #writeBatch(steps: readonly StepEvidence[]): Promise<void> {
    const names = steps.map(({ name, verdict }) => `${name}, ${verdict}`).join('; ');
    const summary = `Evidence: ${names}`.slice(0, SUMMARY_MAX);
    try {
      await this.calls.recordEvidenceBatch.executeWithOptions({ summary }, [
        runIdentity(this.desk),
        steps.map(ofThisRun),
      ]);
    } catch (error) {
      this.#isIncomplete = true;
      log.error('evidence could not be written', { summary, error: String(error) });
    }
  }
}

/**
 * A run that was reset repeats what came after the reset point, and shares its first run id with the run before. Its
 * steps get a key of their own, so that they are recorded as well instead of being taken for duplicates.
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

/** Removes the next batch from the front, in order: at least one step if there is one. */
export function takeBatch(waiting: StepEvidence[]): StepEvidence[] {
  let chars = 0;
  const end = waiting.findIndex(({ observed, expected }, at) => {
    chars += observed.length + expected.length;
    return at === STEPS_MAX || (at > 0 && chars > CHARS_MAX);
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
