/**
 * Repetition: polling, retries while another process is away, tasks that never end. Our own, because most of these
 * wait for an answer that is enough, not for an error to end, and stop by a signal at once; p-retry knows errors only,
 * and its newest major needs a later Node.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';

export interface PollTimes {
  /** Time limit from now on, in milliseconds; 0: ask once. */
  readonly withinMs: number;
  readonly everyMs: number;
}

/** The first answer that `isEnough`, or the last one before time runs out: the caller judges it. */
export async function pollUntil<T>(
  ask: () => T | Promise<T>,
  isEnough: (answer: T) => boolean,
  { withinMs, everyMs }: PollTimes,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isEnough(answer) || performance.now() >= deadline) return answer;
    await sleep(everyMs);
  }
}

export interface Patience {
  /** Whether this error means that the process is away. */
  readonly isAway: (error: unknown) => boolean;
  /** Time limit from now on, in milliseconds; 0: try once. */
  readonly withinMs: number;
  readonly everyMs: number;
  /** If aborted, rejects with an AbortError. */
  readonly signal?: AbortSignal;
}

/**
 * Retries `work`, which needs a process that may be restarting, until that process is back. Otherwise rejects
 * with the last error.
 */
export async function untilBack<T>(
  work: () => Promise<T>,
  { isAway, withinMs, everyMs, signal }: Patience,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error) || performance.now() > deadline) throw error;
    }
    await sleep(everyMs, undefined, { signal });
  }
}

const FAILED_PAUSE_MS = 1_000;

export interface KeptTask {
  /** Waits for the run in progress. */
  stop(): Promise<void>;
}

/**
 * Repeats a task for ever; each run starts after the previous one has ended. A failure is logged and ends
 * nothing; the same failure twice in a row is logged once. `task` resolves with the pause before its next
 * run, in milliseconds.
 */
export function keepDoing(
  name: string,
  log: (level: 'info' | 'warn', text: string) => void,
  task: (stopping: AbortSignal) => Promise<number>,
  failedPauseMs = FAILED_PAUSE_MS,
): KeptTask {
  const stopping = new AbortController();
  const running = (async () => {
    let lastFailure: string | null = null;
    while (!stopping.signal.aborted) {
      let pauseMs = failedPauseMs;
      try {
        pauseMs = await task(stopping.signal);
        if (lastFailure !== null) log('info', `${name}: works again`);
        lastFailure = null;
      } catch (error) {
        const failure = messageOf(error);
        if (failure !== lastFailure && !stopping.signal.aborted) log('warn', `${name}: ${failure}`);
        lastFailure = failure;
      }
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
