/**
 * The program between a desk and its venue, as a process. It runs once it has started: a login may need a person, and no
 * desk waits for that for long. Its program may be a script, so what counts is its whole process group.
 */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { messageOf } from '../domain/message-of.js';
import { pollUntil } from '../home/try-again.js';
import type { Companion, ProgramAddress } from '../venue/definition.js';
import { companionOf } from '../venue/environment.js';
import type { Ending } from './ending.js';
import { portIsFree } from './free-port.js';
import { type KeeperNews, NotYet, type Running, StartRefused } from './keep-running.js';
import type { DeskLog } from './log/desk-log.js';
import { endProcess, killGroup, type ManagedProcess, signalGroup, spawnProcess } from './managed-process.js';
import { type ChildrenFile, groupLives } from './process-table.js';
import type { OwnServer } from './shared-server.js';
import type { UpOptions } from './up-options.js';

/** A program with a window writes its settings at its end. */
const STOP_MS = 20_000;
const HURRIED_MS = 1_500;
const POLL_MS = 50;
/** A group that was killed closes its sockets a moment later. */
const QUIET_WITHIN_MS = 3_000;
const ASK_EVERY_MS = 500;
/** A program that signs in by itself takes up to a minute. */
export const SIGN_IN_MS = 60_000;

/** What it is given of the environment: what a program with a window needs, and no secret of ours. */
const GIVEN = ['PATH', 'HOME', 'LANG', 'DISPLAY', 'XAUTHORITY', 'JAVA_HOME', 'TZ'] as const;

interface CompanionContext {
  readonly options: UpOptions;
  readonly log: DeskLog;
  readonly ending: Pick<Ending, 'asked'>;
}

/** Tells the person at the terminal, and the log. */
type Tell = (level: 'info' | 'error', text: string) => void;

/**
 * Runs it, or uses that of another desk at the same address. It is no reason for a desk not to start: what keeps it from
 * running is told. Null: this desk has none. `share`: runs a server that desks have in common.
 */
export async function openCompanion(
  { options, log, ending }: CompanionContext,
  tell: Tell,
  share: (server: OwnServer<ProgramAddress>) => Promise<unknown>,
  isDown: (name: string) => boolean,
): Promise<SignIn | null> {
  const { market, simulatedVenue, simulatedFeeds, env = process.env, signInMs = SIGN_IN_MS } = options;
  const { desk } = options.loaded;
  const named = companionOf({ desk, market: market.kind, simulatedVenue, simulatedFeeds, env });
  if (named === null) return null;
  if ('leftOut' in named) {
    tell('info', named.leftOut);
    return null;
  }
  const { name, at } = named;
  const restart = `fermata restart ${name}`;
  const signIn = new AskedSignIn(named, tell, signInMs, () => isDown(name));
  let watched: AbortSignal | null = null;
  const watch = (over: AbortSignal): void => {
    watched = over;
    signIn.watch(over);
  };
  const watchWhatAnswers = (): void => {
    if (watched === null || watched.aborted) watch(ending.asked);
  };
  await share({
    ...{ name, files: `${name}-${at.port}`, choose: async () => at },
    start: async (_, children) => {
      const running = await start(named, { env, log, children }).catch((error: unknown) => {
        if (error instanceof StartRefused) watchWhatAnswers();
        throw error;
      });
      const gone = new AbortController();
      void running.process.exited.then(() => gone.abort());
      watch(AbortSignal.any([gone.signal, ending.asked]));
      return running;
    },
    onNotStarted: (why) => {
      const whatNow =
        why instanceof StartRefused ? '' : `. ${WITHOUT_IT}. Once that is put right: ${restart}`;
      tell('error', `${notStarted(name, messageOf(why))}${whatNow}`);
    },
    whatNow: `${WITHOUT_IT}. Its own words say why; once that is put right: ${restart}. `,
  });
  watchWhatAnswers();
  return signIn;
}

const WITHOUT_IT = 'Nothing reaches the venue without it; protective stops that rest there stay';

export const notStarted = (name: string, why: string): string => `${name} is not started: ${why}`;

/** Of one that ran and is not started again, because another program answers in its place. */
export const refusedWords = (
  name: string,
  { refusal, isAwaited }: Extract<KeeperNews, { kind: 'refused' }>,
): string =>
  refusal instanceof NotYet
    ? `${refusal.why} It is tried again until it starts; at once with: fermata restart ${name}`
    : isAwaited
      ? `${refusal.why}. Once that has ended, it is started from here again within about a minute; at once with: fermata restart ${name}`
      : refusal.message;

interface CompanionStart {
  readonly env: NodeJS.ProcessEnv;
  readonly log: DeskLog;
  readonly children: ChildrenFile;
}

/** Rejects if it can't be started, and with `StartRefused` if another program answers at its address. */
async function start(
  { name, program, args, at }: Companion,
  { env, log, children }: CompanionStart,
): Promise<Running> {
  if (!(await fallsQuiet(at)))
    throw new StartRefused(
      `a program that no desk here has started answers at ${at.host}:${at.port}; it is used, and not watched`,
      `To have it run from here, end it, then: fermata restart ${name}`,
    );
  const child = await spawnProcess({
    ...{ name, command: program, args },
    // Not the folder of the desk, whose .env it might read.
    cwd: dirname(program),
    env: Object.fromEntries(
      GIVEN.flatMap((given) => (env[given] === undefined ? [] : [[given, env[given]]])),
    ),
    output: {
      to: 'lines',
      // Its words are no lines of ours, whatever their form, and what it calls an error need not be one here.
      onLine: (line) => {
        const text = stripVTControlCharacters(line).trim();
        if (text !== '') log.write(name, 'info', text);
      },
    },
  });
  let isEnding = false;
  void child.exited.then(() => {
    // What a script had started must not go on next to what is started in its place.
    if (!isEnding) killGroup(child.pid);
    children.remove(child.pid);
  });
  await children.add(name, child.pid, 'whole group');
  return {
    process: child,
    stop: async (hurry) => {
      isEnding = true;
      if (!(await endGroup(child, hurry)))
        log.write('supervisor', 'warn', `${name} did not stop in time and was killed`);
    },
  };
}

/** False if it had to be killed. */
async function endGroup(child: ManagedProcess, hurry?: AbortSignal): Promise<boolean> {
  const beganMs = performance.now();
  const isLate = (): boolean => performance.now() - beganMs > (hurry?.aborted ? HURRIED_MS : STOP_MS);
  signalGroup(child.pid, 'SIGTERM');
  while (groupLives(child.pid) && !isLate()) await sleep(POLL_MS);
  const isClean = !groupLives(child.pid);
  await endProcess(child, []);
  return isClean;
}

/** Whether nothing listens there, soon. */
const fallsQuiet = ({ host, port }: ProgramAddress): Promise<boolean> =>
  pollUntil(
    () => portIsFree(port, host),
    (isFree) => isFree,
    { withinMs: QUIET_WITHIN_MS, everyMs: POLL_MS },
  );

/** Whether the program answers, asked again with each start of it. */
export interface SignIn {
  /** Of the program's process. */
  readonly name: string;
  /** Asks until it answers or `over` is aborted, and tells when it does; once, if that takes long. */
  watch(over: AbortSignal): void;
  /** Resolves with whether it answers; false once it was watched for so long or does not run, or `over` is aborted. */
  within(withinMs: number, over: AbortSignal): Promise<boolean>;
}

/** That desk told why, and what to do. */
const IS_DOWN = 'it does not run, and the log of the desk that starts it says why';

/** Of a program that another desk runs, too. */
class AskedSignIn implements SignIn {
  readonly name: string;
  #watched = 0;
  #answers = false;
  #beganMs = performance.now();

  constructor(
    private readonly program: Companion,
    private readonly tell: Tell,
    private readonly tellAfterMs: number,
    private readonly isDown: () => boolean,
  ) {
    this.name = program.name;
  }

  watch(over: AbortSignal): void {
    this.#watched += 1;
    this.#answers = false;
    this.#beganMs = performance.now();
    void this.#ask(this.#watched, over);
  }

  async within(withinMs: number, over: AbortSignal): Promise<boolean> {
    await pollUntil(
      () => this.#answers || over.aborted || this.isDown(),
      (isOver) => isOver || performance.now() - this.#beganMs >= withinMs,
      { withinMs, everyMs: POLL_MS },
    );
    return this.#answers;
  }

  async #ask(watch: number, over: AbortSignal): Promise<void> {
    const { name, handshake, mayWaitFor } = this.program;
    const isOver = (): boolean => over.aborted || watch !== this.#watched;
    for (let isTold = false; !isOver(); ) {
      const why = await handshake().then((version) => {
        this.#answers = true;
        if (!isOver()) this.tell('info', `${name} is signed in: ${version}`);
        return null;
      }, messageOf);
      if (why === null || isOver()) return;
      if (!isTold && performance.now() - this.#beganMs >= this.tellAfterMs) {
        isTold = true;
        this.tell(
          'error',
          `${name} is not signed in yet (${why}): ${this.isDown() ? IS_DOWN : mayWaitFor}. The desk connects once it answers`,
        );
      }
      await sleep(ASK_EVERY_MS, undefined, { signal: over, ref: false }).catch(() => undefined);
    }
  }
}
