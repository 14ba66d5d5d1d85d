/** Repeats a task for ever, each run after the one before has ended. A failure is logged and ends nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';

const FAILED_PAUSE_MS = 1_000;

export interface KeptTask {
  /** Waits for the run in progress. */
  stop(): Promise<void>;
}

/** `task` resolves with the pause before its next run, in milliseconds. The same failure twice in a row is logged once. */
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
