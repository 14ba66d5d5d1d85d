/** What a cell of the matrix needs to know of a procedure. */
import type { Bench } from './bench.js';

/** Counts and states, the same after an undisturbed run and after one in which something was killed. */
export type Facts = Readonly<Record<string, unknown>>;

export interface RunKey {
  readonly workflowId: string;
  readonly firstRunId: string;
}

/** Says which run is the procedure's; the last one that was named counts. */
export type Watch = (workflowId: string) => void;

export interface Procedure {
  readonly name: string;
  /** Evidence that hangs on who reached the trader first, or on how often it had to be asked. */
  readonly sometimes?: readonly string[];
  /** All of the desk ends over it and is started again: each process is killed at that start, too. */
  readonly startsAll?: boolean;
  /** The desk trades when this begins. */
  readonly prepare?: (bench: Bench) => Promise<void>;
  /** As people do it: who gets no answer asks again. `cell` names what is asked for, once on a desk. */
  readonly carryOut: (bench: Bench, watch: Watch, cell: string) => Promise<void>;
  /** What it has done, beyond its evidence. */
  readonly leaves: (bench: Bench, run: RunKey, cell: string) => Promise<Facts>;
}
