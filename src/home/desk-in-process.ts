/** A process may run roles of several desks: what their code logs, and the commands in its texts, are the desk's that it runs for. */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface DeskInProcess {
  /** Takes its lines of log. */
  readonly output: { write(line: string): void };
  /** Named in commands; null: there is no other one to ask about. */
  readonly named: () => string | null;
  /** Aborted once its role is to end, ready or not. */
  readonly ending: AbortSignal;
}

const desks = new AsyncLocalStorage<DeskInProcess>();

/** Whatever `work` begins belongs to this desk, too: timers, servers, connections. */
export const forDesk = <T>(desk: DeskInProcess, work: () => T): T => desks.run(desk, work);

/** Null: the one that the process was started for. */
export const deskInProcess = (): DeskInProcess | null => desks.getStore() ?? null;

/**
 * Settles with `ready`, or once the role of a desk that shares this process is to end: it can be stopped then as far as it got.
 * One that has the process to itself ends with it.
 */
export function readyOrEnding(ready: Promise<void>): Promise<void> {
  const ending = desks.getStore()?.ending;
  if (ending === undefined) return ready;
  const ends = new Promise<void>((resolve) => {
    if (ending.aborted) resolve();
    else ending.addEventListener('abort', () => resolve(), { once: true });
  });
  return Promise.race([ready, ends]);
}

/** For a logger that is made now; undefined: standard output. */
export const logOutput = (): DeskInProcess['output'] | undefined => desks.getStore()?.output;
