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

/**
 * How often the workers poll Temporal while nothing happens, each in milliseconds. Together they are the cost of an
 * idle desk where somebody else runs Temporal: fewer than 20 calls a minute, counted by
 * test/worker/waiting-runs.test.ts.
 */
export const LOOKS_MS = {
  /**
   * The end-to-end heartbeat queries the pulse at this interval, or at a third of the trader's patience if that is
   * less.
   */
  heartbeat: 20_000,
  /** A timer in the pulse workflow itself. */
  pulse: 60_000,
  stuckWorkflows: 60_000,
  /** Runs that ended abnormally or are lost. */
  runs: 60_000,
  schedules: 45_000,
  /** Which build is current. A Temporal that lost its database knows none, and nothing begins until it does. */
  currentBuild: 30_000,
  earlierBuilds: 120_000,
  /** Whether the desk owner knows our trader; checked at once when its run has ended. */
  deskOwner: 300_000,
} as const;
