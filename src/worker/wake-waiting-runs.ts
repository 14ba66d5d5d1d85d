/**
 * Wakes resumptions and incidents that wait for a change. This process watches the desk all the time, so that those
 * runs need not poll: each poll would stay in a history.
 */
import { INCIDENT_MESSAGES } from '../contracts/incident.js';
import type { TraderWatchContext } from './trader-watch.js';

/** Limits waking for something that goes back and forth. */
const WAKE_EVERY_MS = 5_000;
/** After a gap longer than this the trader was away, and a poll by a run meanwhile may have failed. */
const GAP_MS = 10_000;
const WAKE_MS = 10_000;
const RUNS_MAX = 200;

/**
 * `now`: the observed state as text. Waiting runs are signalled when it changes, and the first time. Rejects if they
 * could not be signalled.
 */
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
        // A run that has ended meanwhile needs no signal.
        await client.workflow
          .getHandle(workflowId)
          .signal(INCIDENT_MESSAGES.lookAgain)
          .catch(() => undefined);
      }
    });
    told = now;
  };
}
