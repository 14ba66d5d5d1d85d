/** The workers' repeated tasks: what those that follow the trader are given, and how often Temporal is polled. */
import type { TraderStatus } from '../contracts/trader-status.js';
import type { Desk } from '../desk/schema.js';
import { type KeptTask, keepDoing } from '../home/try-again.js';
import type { Pool } from '../store/pool.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import type { TraderClient } from '../trader/client.js';
import type { Logger } from './role-log.js';

/** `everyMs`: pause between two runs, whether they fail or not. */
export function repeat(name: string, everyMs: number, log: Logger, task: () => Promise<void>): KeptTask {
  const run = async () => {
    await task();
    return everyMs;
  };
  return keepDoing(name, (level, text) => log[level](text), run, everyMs);
}

export interface TraderWatchContext {
  readonly temporal: TemporalAccess;
  readonly desk: Desk;
  readonly trader: Pick<TraderClient, 'call'>;
  readonly pool: Pool;
  readonly log: Logger;
  /** For incidents of a trader that no longer answers. */
  readonly seen: { incarnation: string | null };
}

/** Called with every status that was read, one call at a time. */
export type StatusFollower = (status: TraderStatus) => Promise<void>;

/**
 * How often the workers poll Temporal while nothing happens, each in milliseconds. Together they are the cost of an
 * idle desk where somebody else runs Temporal: fewer than 20 calls a minute, counted by
 * test/worker/waiting-runs.test.ts.
 */
export const POLL_MS = {
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

/** Instead of `POLL_MS.runs` at the desk's own server, whose calls nobody pays: people hear of a lost run sooner. */
export const RUNS_OF_OWN_SERVER_MS = 15_000;
