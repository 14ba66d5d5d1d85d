/** What a run reports to its worker outside its history: not called during a replay. */
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
    /** By itself and successfully: it neither failed nor continued as new. */
    ended(run: Pick<BegunRun, 'workflowId' | 'firstRunId'>): void;
  };
}
