/**
 * A process may run roles of several desks: their log lines, and the commands in their texts, belong to the desk they
 * run for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { commandsAsTyped, IN_CONTAINERS } from '../domain/command-text.js';
import { isContainer } from './process-environment.js';

interface DeskInProcess {
  /** Receives its log lines. */
  readonly output: { write(line: string): void };
  /** The desk's name for commands; null if there is only one desk. */
  readonly named: () => string | null;
  /** Aborted once its role is to end, ready or not. */
  readonly ending: AbortSignal;
}

const desks = new AsyncLocalStorage<DeskInProcess>();

/** Everything that `work` starts belongs to this desk too: timers, servers, connections. */
export const forDesk = <T>(desk: DeskInProcess, work: () => T): T => desks.run(desk, work);

/** Null: the desk that the process was started for. */
const deskInProcess = (): DeskInProcess | null => desks.getStore() ?? null;

/**
 * Settles with `ready`, or once the role of a desk in a shared process is to end: then it can be stopped as far as it
 * got. A role with a process of its own ends with its process.
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

/** For a logger that is created now; undefined: standard output. */
export const logOutput = (): DeskInProcess['output'] | undefined => desks.getStore()?.output;

/** Started by `npx` or `npm start`: in this folder `npx` finds this program, and no other of the same name. */
const startedByNpm = (env: NodeJS.ProcessEnv): boolean =>
  env.npm_command === 'exec' || env.npm_lifecycle_event === 'start';

let deskMeant: () => string | null = () => null;

/** From now on commands in the texts of this process name the desk; null: there is only one. */
export function nameDeskInCommands(desk: () => string | null): void {
  deskMeant = desk;
}

/** The words before a command about this desk. Elsewhere `npx` would fetch a stranger's package of this name. */
export function programAsTyped(env: NodeJS.ProcessEnv = process.env): string {
  if (isContainer(env)) return IN_CONTAINERS;
  const desk = (deskInProcess()?.named ?? deskMeant)();
  const program = startedByNpm(env) ? 'npx fermata' : 'fermata';
  return desk === null ? program : `${program} --desk ${desk}`;
}

/** Rewrites commands in messages as they can be typed where the desk was started. */
export const asTyped = (text: string, env: NodeJS.ProcessEnv = process.env): string =>
  commandsAsTyped(text, programAsTyped(env));
