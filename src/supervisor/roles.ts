/** The processes of a desk in start order; they stop in reverse order. */
export type RoleName =
  | 'trader'
  | 'engine-worker'
  | 'auditor'
  | 'operations-worker'
  | 'ledger'
  | 'web'
  | 'telegram';

/** Time limit of each role from start to ready: several desks may start at once on a small machine. */
export const READY_MS = 120_000;

interface RoleTimes {
  /** Time limit from SIGTERM to the end. */
  readonly stopMs: number;
  /** The same for a role in a process of another desk; that process ends if its guest takes longer. */
  readonly joinedStopMs?: number;
}

export const ROLE_TIMES: Readonly<Record<RoleName, RoleTimes>> = {
  trader: { stopMs: 20_000 },
  // Workers end at once unless an activity is running: `END_TIMES` of src/activities/worker-ends.ts, plus some seconds.
  'engine-worker': { stopMs: 40_000 },
  auditor: { stopMs: 5_000 },
  'operations-worker': { stopMs: 40_000 },
  ledger: { stopMs: 5_000 },
  // In its own process it can be killed without harm; but a hanging request or query is no reason to end
  // another desk's page.
  web: { stopMs: 5_000, joinedStopMs: 20_000 },
  telegram: { stopMs: 5_000 },
};

/**
 * More operations workers of one desk, in containers or next to `fermata up`: each name has a life file, a
 * log and a list of running programs of its own.
 */
export const FURTHER_WORKERS = ['operations-worker-2', 'operations-worker-3'] as const;

/** Every role that may run without a supervisor. */
export const everySeparateRole = (): readonly string[] => [...rolesInOrder(true), ...FURTHER_WORKERS];

/** Unless separate, the auditor runs in the engine worker, the ledger in the operations worker, the bot in web. */
export function rolesInOrder(separate: boolean): readonly ['trader', ...RoleName[]] {
  return separate
    ? ['trader', 'engine-worker', 'auditor', 'operations-worker', 'ledger', 'web', 'telegram']
    : ['trader', 'engine-worker', 'operations-worker', 'web'];
}
