/** At start and each minute: what a run began that no longer goes on is ended, recorded and told. */
import { tellEndedRuns } from '../operations/reconcile/ended-runs.js';
import { type ReconcileContext, reconcileRuns } from '../operations/reconcile/reconcile-runs.js';
import { type Repeating, repeat } from './repeat.js';
import type { Logger } from './role-log.js';

const LOOK_EVERY_MS = 60_000;

export function watchRuns(context: ReconcileContext, log: Logger): Repeating {
  const told = new Set<string>();
  return repeat('watch over runs', LOOK_EVERY_MS, log, async () => {
    for (const { workflowId, how, things } of await reconcileRuns(context)) {
      const what = things.map(({ kind, title }) => `${kind} "${title}"`).join(', ');
      log.error({ alarm: true, desk: context.desk.desk, workflowId }, `abandoned: ${what}: ${how}`);
    }
    for (const { workflowId, how, what } of await tellEndedRuns(context, told))
      log.error({ alarm: true, desk: context.desk.desk, workflowId }, `abandoned: the ${what}: ${how}`);
  });
}
