/** A process may run roles of several desks: what their code logs, and the commands in its texts, are the desk's that it runs for. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface DeskInProcess {
  /** Takes its lines of log. */
  readonly output: { write(line: string): void };
  /** Named in commands; null: there is no other one to ask about. */
  readonly named: () => string | null;
}

const desks = new AsyncLocalStorage<DeskInProcess>();

/** Whatever `work` begins belongs to this desk, too: timers, servers, connections. */
export const forDesk = <T>(desk: DeskInProcess, work: () => T): T => desks.run(desk, work);

/** Null: the one that the process was started for. */
export const deskInProcess = (): DeskInProcess | null => desks.getStore() ?? null;

/** For a logger that is made now; undefined: standard output. */
export const logOutput = (): DeskInProcess['output'] | undefined => desks.getStore()?.output;
