/** The processes of a desk in the order in which they start; they stop in the opposite order. */
export type RoleName =
  | 'trader'
  | 'engine-worker'
  | 'auditor'
  | 'operations-worker'
  | 'ledger'
  | 'web'
  | 'telegram';

interface RoleTimes {
  /** From start to ready. */
  readonly readyMs: number;
  /** From SIGTERM to the end. */
  readonly stopMs: number;
  /** The same in the process of another desk, which ends with its own role where it takes longer. */
  readonly joinedStopMs?: number;
}

export const ROLE_TIMES: Readonly<Record<RoleName, RoleTimes>> = {
  // It replays its journal and warms up its strategies.
  trader: { readyMs: 60_000, stopMs: 20_000 },
  // Workers end at once, unless an activity is under way: `END_TIMES` of src/activities/worker-ends.ts, and some seconds.
  'engine-worker': { readyMs: 60_000, stopMs: 40_000 },
  auditor: { readyMs: 30_000, stopMs: 5_000 },
  'operations-worker': { readyMs: 60_000, stopMs: 40_000 },
  ledger: { readyMs: 30_000, stopMs: 5_000 },
  // Of its own it is killed without harm; a request to Telegram or a query that hangs is not worth another desk's page.
  web: { readyMs: 30_000, stopMs: 5_000, joinedStopMs: 20_000 },
  telegram: { readyMs: 30_000, stopMs: 5_000 },
};

/** Unless separate, the auditor runs in the engine worker, the ledger in the operations worker, the bot in web. */
export function rolesInOrder(separate: boolean): readonly ['trader', ...RoleName[]] {
  return separate
    ? ['trader', 'engine-worker', 'auditor', 'operations-worker', 'ledger', 'web', 'telegram']
    : ['trader', 'engine-worker', 'operations-worker', 'web'];
}
