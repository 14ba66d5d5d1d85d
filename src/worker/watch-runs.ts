/** At start and each minute: what belongs to a run that no longer goes on is ended, recorded and told. */
import { tellEndedRuns } from '../operations/reconcile/ended-runs.js';
import { type ReconcileContext, reconcileRuns } from '../operations/reconcile/reconcile-runs.js';
import { endLeftPermission } from '../operations/reconcile/unwatched-permission.js';
import { LOOKS_MS } from './looks.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

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
