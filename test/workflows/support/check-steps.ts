import type { RoutineStep } from '../../../src/contracts/routine.js';

const common = { timeoutSeconds: 5, with: {} } as const;

/** One step of each kind of failure: halts, stops the routine, opens an incident. */
export const CHECK_STEPS: readonly RoutineStep[] = [
  { key: 'data', title: 'Market data fresh', check: 'data-fresh', onFail: 'halt', ...common },
  { key: 'venue', title: 'Venue reachable', check: 'venue-reachable', onFail: 'stop', ...common },
  { key: 'database', title: 'Database answers', check: 'database', onFail: 'incident', ...common },
];
