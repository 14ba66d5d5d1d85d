/** Each run says when it begins and when it has ended well: one that Temporal loses between two looks is missed, too. */
import type { InjectedSinks } from '@temporalio/worker';
import type { RunSinks } from '../contracts/run-sinks.js';
import { keepBegunRun } from '../operations/reconcile/ended-runs.js';
import type { Pool } from '../store/pool.js';
import { dropSeenRun } from '../store/runs-seen.js';

/** Where nobody follows them: without these, the library would complain of each word. */
const unheard = { fn: () => undefined };
export const UNHEARD: InjectedSinks<RunSinks> = { runs: { begun: unheard, ended: unheard } };

export function followRuns(pool: Pick<Pool, 'query'>, desk: string): InjectedSinks<RunSinks> {
  let written = Promise.resolve();
  // In their order, and no run waits for Postgres: what is not written here, the look of each minute finds.
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
