/**
 * A process may run roles of several desks. Log lines, and commands in messages, belong to the desk that the
 * role runs for.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { inSurroundings, isContainer, type Surroundings } from '../desk/desk-environment.js';
import { DEFAULT_DESK, deskPlacesHere, resolveDesk } from '../desk/resolve-desk.js';
import { commandsAsTyped, IN_CONTAINERS } from '../domain/command-text.js';
import { type Runtime, writtenFileOf } from './runtime.js';

interface DeskInProcess {
  /** Its supervisor's, as far as the role needs them. */
  readonly surroundings: Surroundings;
  /** Receives the role's log lines. */
  readonly output: { write(line: string): void };
  /** The desk's name for commands. Null: there is only one desk. */
  readonly named: () => string | null;
  /** Aborted once the role must end, ready or not. */
  readonly ending: AbortSignal;
}

const desks = new AsyncLocalStorage<DeskInProcess>();

/** Everything that `work` starts belongs to this desk too: timers, servers, connections. */
export const forDesk = <T>(desk: DeskInProcess, work: () => T): T =>
  inSurroundings(desk.surroundings, () => desks.run(desk, work));

/** Null: the desk that the process was started for. */
const deskInProcess = (): DeskInProcess | null => desks.getStore() ?? null;

/**
 * Follows `ready`, but resolves early once a role in a shared process must end: what has started by then can
 * be stopped. A role with its own process ends with that process.
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

/** For a logger that is being created. Undefined: standard output. */
export const logOutput = (): DeskInProcess['output'] | undefined => desks.getStore()?.output;

/**
 * Started by `npx` or `npm start`: in this folder, `npx` finds this program and no other of the same name.
 */
const startedByNpm = (env: NodeJS.ProcessEnv): boolean =>
  env.npm_command === 'exec' || env.npm_lifecycle_event === 'start';

let deskMeant: () => string | null = () => null;
let startMeant: () => string | null = () => null;

/**
 * From now on, commands in this process's messages name the desk. Null: there is only one. `start`: what `up` needs
 * all the same, since without a name it starts the default desk.
 */
export function nameDeskInCommands(desk: () => string | null, start: () => string | null = () => null): void {
  deskMeant = desk;
  startMeant = start;
}

/**
 * What `fermata up` must be told to start this desk: its name, or its file if the name leads elsewhere; for one that
 * never ran, what was typed. Null: nothing.
 */
export function startNameOf(
  runtime: Pick<Runtime, 'desk' | 'deskFile' | 'writtenFile'> | null,
  typed: string | null = null,
): string | null {
  if (runtime === null) return typed === null || typed === DEFAULT_DESK ? null : shellWord(typed);
  const file = writtenFileOf(runtime);
  if (fileNamed(runtime.desk, file) !== file) return shellWord(file);
  return runtime.desk === DEFAULT_DESK ? null : runtime.desk;
}

/** To be typed in a shell: quoted where it is no plain word. */
export const shellWord = (text: string): string =>
  /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** `started`: the file that the desk was started from, to which its name leads if no folder has one of that name. */
function fileNamed(desk: string, started: string): string | null {
  try {
    return resolveDesk(desk, { ...deskPlacesHere(), started: new Map([[desk, started]]) });
  } catch {
    return null;
  }
}

/**
 * The words before a command about this desk. Elsewhere, `npx` would fetch a stranger's package of this name.
 */
export function programAsTyped(env: NodeJS.ProcessEnv = process.env): string {
  if (isContainer(env)) return IN_CONTAINERS;
  const desk = (deskInProcess()?.named ?? deskMeant)();
  const program = startedByNpm(env) ? 'npx fermata' : 'fermata';
  return desk === null ? program : `${program} --desk ${desk}`;
}

/** Rewrites commands in messages so that they can be typed where the desk was started. */
export const asTyped = (text: string, env: NodeJS.ProcessEnv = process.env): string =>
  commandsAsTyped(text, programAsTyped(env), deskInProcess() === null ? startMeant() : null);
