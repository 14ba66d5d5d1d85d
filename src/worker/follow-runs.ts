/**
 * Each run reports its start and its successful end, so that even a run that Temporal loses between two polls
 * is noticed.
 */
import type { InjectedSinks } from '@temporalio/worker';
import type { RunSinks } from '../contracts/run-label.js';
import type { Pool } from '../store/pool.js';
import { dropSeenRun } from '../store/runs-seen.js';
import { keepBegunRun } from './reconcile/ended-runs.js';

/** For workers without a follower: without these, the library would warn about each report. */
const unheard = { fn: () => undefined };
export const UNHEARD: InjectedSinks<RunSinks> = { runs: { begun: unheard, ended: unheard } };

export function followRuns(pool: Pick<Pool, 'query'>, desk: string): InjectedSinks<RunSinks> {
  let written = Promise.resolve();
  // Written in order, and no run waits for Postgres: the poll of each minute finds whatever is not written
  // here.
  const write = (work: () => Promise<void>): void => {
    written = written.then(work).catch(() => undefined);
  };
  return {
    runs: {
      begun: { fn: (_info, run) => write(() => keepBegunRun(pool, desk, run, Date.now())) },
      ended: { fn: (_info, run) => write(() => dropSeenRun(pool, desk, run)) },
    },
  };
}
