/**
 * How often the workers ask Temporal while nothing happens, each in milliseconds. All together are what an idle desk costs
 * where somebody else runs Temporal: fewer than 20 calls a minute, which test/worker/waiting-runs.test.ts counts.
 */
export const LOOKS_MS = {
  /** The end-to-end heartbeat asks the pulse; or a third of what the trader waits for, whichever is less. */
  heartbeat: 20_000,
  /** A timer of the pulse itself. */
  pulse: 60_000,
  stuckWorkflows: 60_000,
  /** Runs that ended otherwise than by themselves, or are lost. */
  runs: 60_000,
  schedules: 45_000,
  /** Which build is current. A Temporal that was lost knows none, and nothing begins until it does. */
  currentBuild: 30_000,
  earlierBuilds: 120_000,
  /** Whether the desk owner knows our trader; at once where its run has ended. */
  deskOwner: 300_000,
} as const;
