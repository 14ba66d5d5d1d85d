/** Repeats a task, each run after the one before has ended. A failure is logged and ends nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../domain/message-of.js';
import type { Logger } from './role-log.js';

export interface Repeating {
  /** Waits for the current run. */
  stop(): Promise<void>;
}

/** `everyMs`: pause between two runs. The same failure twice in a row is logged once. */
export function repeat(name: string, everyMs: number, log: Logger, task: () => Promise<void>): Repeating {
  const stopping = new AbortController();
  let lastFailure: string | null = null;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await task();
        if (lastFailure !== null) log.info(`${name}: works again`);
        lastFailure = null;
      } catch (error) {
        const message = messageOf(error);
        if (message !== lastFailure) log.warn(`${name}: ${message}`);
        lastFailure = message;
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
