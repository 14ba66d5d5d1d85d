/**
 * Notices runs that no longer go on. Temporal is asked each minute; each run also reports its begin and its successful
 * end, so that one that Temporal loses between two polls is noticed, too.
 */
import type { InjectedSinks } from '@temporalio/worker';
import type { RunSinks } from '../contracts/run-sinks.js';
import { keepBegunRun, tellEndedRuns } from '../operations/reconcile/ended-runs.js';
import { type ReconcileContext, reconcileRuns } from '../operations/reconcile/reconcile-runs.js';
import { endLeftPermission } from '../operations/reconcile/unwatched-permission.js';
import type { Pool } from '../store/pool.js';
import { dropSeenRun } from '../store/runs-seen.js';
import { LOOKS_MS, type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

/** For workers without a follower: without these, the library would warn about each report. */
const unheard = { fn: () => undefined };
export const UNHEARD: InjectedSinks<RunSinks> = { runs: { begun: unheard, ended: unheard } };

export function followRuns(pool: Pick<Pool, 'query'>, desk: string): InjectedSinks<RunSinks> {
  let written = Promise.resolve();
  // Written in order, and no run waits for Postgres: whatever is not written here, the poll of each minute finds.
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

/** At start and each minute: what belongs to a run that no longer goes on is ended, recorded and told. */
export function watchRuns(context: ReconcileContext, log: Logger): Repeating {
  return repeat('watch over runs', LOOKS_MS.runs, log, lookAtRuns(context, log));
}

/** Each call is one poll. */
export function lookAtRuns(context: ReconcileContext, log: Pick<Logger, 'error'>): () => Promise<void> {
  const told = new Set<string>();
  const say = (workflowId: string, what: string, how: string): void =>
    log.error({ alarm: true, desk: context.desk.desk, workflowId }, `abandoned: ${what}: ${how}`);
  return async () => {
    try {
      await reconcileRuns(context, ({ workflowId, how, things }) =>
        say(workflowId, things.map(({ kind, title }) => `${kind} "${title}"`).join(', '), how),
      );
    } finally {
      // Also if something can't be ended: whoever waits for the other runs must hear of them.
      for (const { workflowId, how, what } of await tellEndedRuns(context, told))
        say(workflowId, `the ${what}`, how);
    }
    const left = await endLeftPermission(context);
    if (left !== null) say(left.workflowId, 'the permission to trade real money', left.detail);
  };
}
