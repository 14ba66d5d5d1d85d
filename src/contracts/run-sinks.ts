/** What a run says of itself to the worker that carries it, beside its history: nothing of it is replayed. */
import type { Sinks } from '@temporalio/workflow';

export interface BegunRun {
  readonly workflowId: string;
  readonly firstRunId: string;
  /** The newest of its runs. */
  readonly runId: string;
  readonly type: string;
  readonly routine: string;
  readonly startedMs: number;
}

export interface RunSinks extends Sinks {
  runs: {
    begun(run: BegunRun): void;
    /** By itself and well: neither failed nor gone on in a new run. */
    ended(run: Pick<BegunRun, 'workflowId' | 'firstRunId'>): void;
  };
}
