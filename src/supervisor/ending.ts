/** How a desk ends: who asked for it, and what still runs of the desk's own actions. */
import { existsSync } from 'node:fs';
import { moment } from '../domain/moment.js';
import { type Begun, filesOf, namesBegun, readKept } from '../pack/protocol.js';
import { commandLineOf } from './process-table.js';

/**
 * When and how the desk must end: Ctrl-C, SIGTERM, `fermata down`, `restart --all`, the end of a recording. A
 * second Ctrl-C hurries it.
 */
export interface Ending {
  /** Aborted once an end was requested. */
  readonly asked: AbortSignal;
  /** Aborted once somebody is in a hurry: waits become short. */
  readonly hurry: AbortSignal;
  ask(reason: string, hurry?: boolean): void;
  /** Throws if an end was requested: a restart must not override it. */
  refuseWhereAsked(): void;
  /** Ends the desk and starts it again after this pause. A later request to end cancels the new start. */
  askAgain(reason: string, pauseMs: number): void;
  /** Null: the desk stays ended. */
  readonly againAfterMs: number | null;
  /** Resolves with the reason. */
  readonly requested: Promise<string>;
  close(): void;
}

const PARENT_EVERY_MS = 500;

/**
 * The shell between npm and this process dies of the signal that npm sends it, and doesn't pass it on. A desk
 * started by `npm start` would otherwise survive its npm.
 */
function watchNpm(onEnd: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_lifecycle_event !== 'start') return undefined;
  const { ppid } = process;
  return setInterval(() => {
    if (process.ppid !== ppid) onEnd();
  }, PARENT_EVERY_MS).unref();
}

// SIGHUP: the terminal was closed. Node can't ignore it for a child of nohup.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function watchForEnding(): Ending {
  const asked = new AbortController();
  const hurry = new AbortController();
  let tell: (reason: string) => void = () => undefined;
  const requested = new Promise<string>((resolve) => {
    tell = resolve;
  });
  let againAfterMs: number | null = null;
  const ask = (reason: string, inHurry = false): void => {
    againAfterMs = null;
    tell(reason);
    asked.abort(new Error(reason));
    if (inHurry) hurry.abort();
  };
  const onSignal = (signal: NodeJS.Signals): void => ask(signal, asked.signal.aborted);
  // A reader that went away (`| head`, a closed terminal) must not end the process halfway: whoever listened before would.
  const ignore = (): void => undefined;
  const before = [process.stdout, process.stderr].map(
    (stream) => [stream, stream.rawListeners('error')] as const,
  );
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const parent = watchNpm(() => ask('npm has ended'));
  for (const [stream] of before) stream.removeAllListeners('error').on('error', ignore);
  const refuseWhereAsked = (): void => {
    if (asked.signal.aborted) throw new Error('the desk is ending already');
  };
  return {
    asked: asked.signal,
    hurry: hurry.signal,
    ask,
    refuseWhereAsked,
    askAgain: (reason, pauseMs) => {
      refuseWhereAsked();
      ask(reason);
      againAfterMs = pauseMs;
    },
    get againAfterMs() {
      return againAfterMs;
    },
    requested,
    close: () => {
      clearInterval(parent);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      for (const [stream, listeners] of before) {
        stream.off('error', ignore);
        for (const listener of listeners) stream.on('error', listener as () => void);
      }
    },
  };
}

/** Also as earlier builds started it, of which one may still run. */
const PROGRAM = /\bpack[/-]child\.js run\b/;

/** One text per action. `folder`: records of actions that have begun and ended. */
export async function openActions(folder: string): Promise<readonly string[]> {
  const open = namesBegun(folder)
    .map((name) => filesOf(folder, name))
    .filter(({ endedFile }) => !existsSync(endedFile));
  return (await Promise.all(open.map(({ begunFile }) => goesOn(begunFile)))).flat();
}

/** The pid may belong to another process by now. */
async function goesOn(begunFile: string): Promise<readonly string[]> {
  const begun = readKept<Begun>(begunFile);
  if (begun === null || !PROGRAM.test((await commandLineOf(begun.pid)) ?? '')) return [];
  const { pid, action, begunMs, limitMs } = begun;
  const until = limitMs === undefined ? '' : `, until ${moment(begunMs + limitMs)} at the latest`;
  return [`action ${action ?? ''} (process ${pid}${until})`];
}
