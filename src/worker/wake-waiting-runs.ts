/**
 * Resumptions and incidents wait for something to change. Whoever sees the desk all the time tells them when it does, so
 * that they need not look again and again: each of those looks would be in a history for good.
 */
import { INCIDENT_MESSAGES } from '../contracts/incident.js';
import type { TraderWatchContext } from './trader-watch.js';

/** Something that goes back and forth wakes nobody more often. */
const WAKE_EVERY_MS = 5_000;
/** Where nothing was seen for longer, the trader was away, and a look meanwhile may have been in vain. */
const GAP_MS = 10_000;
const WAKE_MS = 10_000;
const RUNS_MAX = 200;

/** `now`: what was seen, as text; those who wait are told when it is another, and at the first time. Rejects where they were not. */
export type Wake = (now: string) => Promise<void>;

export function wakeWaitingRuns(
  { temporal, desk }: Pick<TraderWatchContext, 'temporal' | 'desk'>,
  gapMs = GAP_MS,
): Wake {
  let told: string | null = null;
  let toldMs = Number.NEGATIVE_INFINITY;
  let seenMs = Number.NEGATIVE_INFINITY;
  const query = `FermataDesk = "${desk.desk}" AND ExecutionStatus = "Running" AND WorkflowType IN ("resumption", "incident")`;
  return async (now) => {
    if (performance.now() - seenMs > gapMs) told = null;
    seenMs = performance.now();
    if (now === told || seenMs - toldMs < WAKE_EVERY_MS) return;
    toldMs = seenMs;
    await temporal.within(WAKE_MS, async (client) => {
      let woken = 0;
      for await (const { workflowId } of client.workflow.list({ query })) {
        if (woken === RUNS_MAX) break;
        woken += 1;
        // One that has ended meanwhile needs nothing.
        await client.workflow
          .getHandle(workflowId)
          .signal(INCIDENT_MESSAGES.lookAgain)
          .catch(() => undefined);
      }
    });
    told = now;
  };
}
