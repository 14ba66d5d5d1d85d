/** Which desk of FERMATA_HOME a command is about, and what its last start recorded. */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isContainer } from '../desk/desk-environment.js';
import { nameDeskInCommands, startNameOf } from '../home/desk-in-process.js';
import { knownHomeOf, sharesServers, wouldBeHomeOf } from '../home/installation.js';
import { SocketRefusal, SocketSilent } from '../home/local-socket.js';
import { homePaths, peopleHomeOf, type Runtime } from '../home/runtime.js';
import { deskNamesIn, resolveStartedDesk, runtimeHere, startedHomes } from '../home/started-desks.js';
import { askSupervisor, type SupervisorMethod, type SupervisorMethods } from '../home/supervisor-protocol.js';
import type { Operations } from '../operations/operations.js';
import { aboutHolder, hasEnded, holderOf } from '../supervisor/desk-end.js';
import { CliFailure } from './failure.js';
import { sayingWhat } from './output.js';

/** FERMATA_HOME: shared by all desks that were started with it. */
export function installationHome(env: NodeJS.ProcessEnv = process.env): string {
  return homePaths(env.FERMATA_HOME || '.fermata').home;
}

let chosen: string | null = null;
/** What `--desk` said. */
let asked: string | null = null;

/** A lost desk that is being restored has its home's folder again, and nothing yet of a start. */
const nameChosen = (home: string) => runtimeHere(home)?.desk ?? (asked === null ? null : nameOf(asked));

/** Commands that our messages suggest are about the chosen desk. */
const nameChosenInCommands = (): void =>
  nameDeskInCommands(
    () => (chosen !== null && sharesServers(chosen) ? nameChosen(chosen) : null),
    () => startNameOf(chosen === null ? null : runtimeHere(chosen), asked),
  );
nameChosenInCommands();

/** The home of the command's desk: FERMATA_HOME itself, or a further desk's home in it. */
export function fermataHome(env: NodeJS.ProcessEnv = process.env): string {
  return chosen ?? installationHome(env);
}

/**
 * When to refuse a name under which no desk was started: some commands accept any desk's file. `its-home`:
 * never; the command uses the home that such a desk would get at its first start.
 */
export type RefusesUnknown = 'always' | 'where-several' | 'never' | 'its-home';

/**
 * `named`: the value of `--desk`, a name or a file. Throws if it is refused, or if none is given and several
 * desks may be meant: nothing is guessed.
 */
export async function chooseDesk(
  named: string | true | undefined,
  unknownName: RefusesUnknown,
  { isAboutPeople = false } = {},
): Promise<void> {
  chosen = null;
  asked = typeof named === 'string' ? named : null;
  // Tests run several commands in one process, and `up` names its own.
  nameChosenInCommands();
  const installation = installationHome();
  const homes = startedHomes(installation);
  if (typeof named === 'string' && unknownName === 'its-home') {
    const file = resolveStartedDesk(named);
    chosen = wouldBeHomeOf(installation, await nameIn(file));
  } else if (typeof named === 'string') {
    const desk = nameOf(named);
    chosen = knownHomeOf(installation, desk);
    const known = { always: 0, 'where-several': 1 }[unknownName as string] ?? Number.POSITIVE_INFINITY;
    if (chosen === null && homes.length > known) throw notStarted([desk], homes);
    if (unknownName === 'where-several') chosen ??= homes[0] ?? null;
  } else {
    const isAny = homes.length <= 1 || (isAboutPeople && new Set(homes.map(peopleHomeOf)).size === 1);
    chosen = isAny ? (homes[0] ?? null) : await onlyOneOf(homes);
  }
}

/** For commands that find their desk themselves. Null: the first desk's home, or there is none yet. */
export function chooseHome(home: string | null): void {
  chosen = home;
}

/**
 * The name inside a desk file. Its loader is imported only for this: a stop reaches its trader without it.
 */
async function nameIn(file: string): Promise<string> {
  const [{ loadDesk }, { stepPartsOf }] = await Promise.all([
    import('../venue/load-desk.js'),
    import('./named-desk.js'),
  ]);
  return loadDesk(file, { parts: stepPartsOf(file) }).desk.desk;
}

/** The desk's name, from a name or from its folder or file. */
export const nameOf = (nameOrFile: string): string =>
  basename(nameOrFile.replace(/([/\\]desk)?\.ya?ml$/, '').replace(/[/\\]+$/, ''));

const sameWith = (names: readonly string[]): string =>
  `the same with ${names.map((name) => `--desk ${name}`).join(', or with ')}`;

export const notStartedWords = (names: readonly string[], homes: readonly string[]): string =>
  `no desk ${names.join(' or ')} was started here, only ${deskNamesIn(homes).join(' and ')}`;

export function notStarted(names: readonly string[], homes: readonly string[]): CliFailure {
  return new CliFailure(
    notStartedWords(names, homes),
    'nothing was sent to any desk',
    sameWith(deskNamesIn(homes)),
  );
}

async function onlyOneOf(homes: readonly string[]): Promise<string> {
  const running = await runningOf(homes);
  const [only, ...more] = running;
  if (only !== undefined && more.length === 0) return only;
  const names = deskNamesIn(running.length > 0 ? running : homes);
  throw new CliFailure(
    running.length > 0
      ? `${names.join(' and ')} run here: which desk is meant?`
      : `no desk runs here, and ${names.join(' and ')} did: which desk is meant?`,
    'nothing was sent to any of them',
    sameWith(names),
  );
}

/** Homes of desks that have not certainly ended. */
export async function runningOf(homes: readonly string[]): Promise<readonly string[]> {
  const states = await Promise.all(homes.map(async (home) => ({ home, ended: await hasEnded(home) })));
  return states.filter(({ ended }) => !ended).map(({ home }) => home);
}

/** Throws if no desk was ever started here. */
export function requireRuntime(home: string = fermataHome()): Runtime {
  const runtime = runtimeHere(home);
  if (runtime !== null) return runtime;
  const others = startedHomes(installationHome()).length > 0;
  throw new CliFailure(
    others
      ? `the desk whose home is ${home} was never started; others of this FERMATA_HOME were`
      : `no desk runs with FERMATA_HOME ${home}`,
    'nothing was sent anywhere',
    others
      ? 'fermata desks lists what runs; start the desk with `fermata up`'
      : 'start one with `fermata up`, or run this in the folder where it was started (or set FERMATA_HOME)',
  );
}

const START_IT = 'start it with `fermata up`; what happened before: fermata logs';

/**
 * What a command reports at once, instead of waiting, if certainly nothing of the desk runs. Null: something
 * may still be running. The roles of containers are started and ended by somebody else.
 */
export async function endedDesk(
  { home, desk }: Pick<Runtime, 'home' | 'desk'>,
  doThis: string = START_IT,
): Promise<CliFailure | null> {
  if (isContainer(process.env) || !(await hasEnded(home))) return null;
  return new CliFailure(
    `desk ${desk} has ended: none of its processes runs, so nothing is trading`,
    'nothing enters while no trader runs; positions keep the stops that rest at the venue',
    doThis,
  );
}

/**
 * For requests that only the desk's own processes can answer. Throws `CliFailure` if no desk was started or
 * it has ended.
 */
export async function requireRunning(): Promise<Runtime> {
  const runtime = requireRuntime();
  const ended = await endedDesk(runtime);
  if (ended !== null) throw ended;
  return runtime;
}

type AskRunning = <M extends SupervisorMethod>(
  method: M,
  params: SupervisorMethods[M]['params'],
  timeoutMs: number,
) => Promise<SupervisorMethods[M]['result']>;

/**
 * Asks the supervisor of a desk; failures say why it refused or does not answer. `inContainers`: what to do
 * in containers instead.
 */
export function supervisorOf(runtime: Runtime, inContainers: string): AskRunning {
  return async (method, params, timeoutMs) => {
    try {
      return await askSupervisor(runtime.home, method, params, timeoutMs);
    } catch (error) {
      if (error instanceof SocketRefusal) throw new CliFailure(error.message, error.keptSafe, error.doThis);
      if (!(error instanceof SocketSilent)) throw error;
      const ended = await endedDesk(runtime);
      if (ended !== null) throw ended;
      const holder = await holderOf(runtime.home);
      throw new CliFailure(
        'no supervisor answers on this FERMATA_HOME',
        'positions and stops at the venue are not touched',
        `in containers: ${inContainers}; else: ${holder === null ? 'fermata up' : aboutHolder(holder)}`,
      );
    }
  };
}

/**
 * Opens the operations of the desk that runs here. They are not closed: the process ends right after, and
 * closing a Temporal connection that is about to retry throws where nobody can catch it. `waitsFor` is
 * printed if it takes longer.
 */
export async function withOperations<T>(
  work: (operations: Operations, runtime: Runtime) => Promise<T>,
  waitsFor = 'the desk to answer',
): Promise<T> {
  const runtime = await requireRunning();
  const { openOperations } = await import('../operations/operations.js');
  const operations = await openOperations(runtime);
  return sayingWhat(() => `waiting for ${waitsFor}`, unlessEnded(runtime, work(operations, runtime)));
}

const LOOK_MS = 2000;

/** For a request to the desk. Rejects as soon as the desk has certainly ended: nothing would ever answer. */
export function unlessEnded<T>(runtime: Pick<Runtime, 'home' | 'desk'>, work: Promise<T>): Promise<T> {
  return unlessGone(work, async () => {
    if ((await endedDesk(runtime)) === null) return null;
    return new CliFailure(
      `desk ${runtime.desk} ended before it answered`,
      'positions keep the stops that rest at the venue; what was begun goes on once the desk runs again',
      'fermata up, then see how far it came: fermata status, fermata schedules',
    );
  });
}

/** Polls `gone` until `work` has finished, and rejects with the first failure that `gone` resolves with. */
export async function unlessGone<T>(work: Promise<T>, gone: () => Promise<CliFailure | null>): Promise<T> {
  const answered = new AbortController();
  const ended = async (): Promise<never> => {
    for (;;) {
      await sleep(LOOK_MS, undefined, { ref: false, signal: answered.signal });
      const why = await gone();
      if (why !== null) throw why;
    }
  };
  try {
    return await Promise.race([work, ended()]);
  } finally {
    answered.abort();
  }
}
