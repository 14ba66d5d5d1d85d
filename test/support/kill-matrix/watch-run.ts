/** Follows one run of a workflow in Temporal's history, event by event, from its first to its last. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TemporalAccess } from '../../../src/temporal/open-temporal.js';

export interface RunWatch {
  readonly workflowId: string;
  /** Resolves with its first run id once it has ended. */
  readonly ended: Promise<string>;
  /** Boundaries so far: activities scheduled, or one completed, unless said otherwise. */
  boundaries(): number;
}

const ASK_AGAIN_MS = 20;

export type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

/** Which boundary an event is; null: none. */
type BoundaryOf = (event: HistoryEvent) => string | null;

export const isOfActivity = (event: HistoryEvent): boolean =>
  Boolean(event.activityTaskScheduledEventAttributes ?? event.activityTaskCompletedEventAttributes);

/** All that one workflow task schedules is written at once: nothing can be killed in between. */
const boundaryOfActivities: BoundaryOf = (event) => {
  const task = event.activityTaskScheduledEventAttributes?.workflowTaskCompletedEventId;
  if (task) return `after ${task}`;
  return isOfActivity(event) ? `at ${event.eventId}` : null;
};

/**
 * The newest run of this id that began at `sinceMs` or later; waits for it. `onBoundary` hears of each boundary once,
 * and of the end as a boundary beyond all.
 */
export function watchRun(
  temporal: TemporalAccess,
  workflowId: string,
  sinceMs: number,
  signal: AbortSignal,
  onBoundary: (count: number) => void,
  boundaryOf: BoundaryOf = boundaryOfActivities,
): RunWatch {
  let seen = 0;
  const hear = (count: number): void => {
    while (seen < count) {
      seen += 1;
      onBoundary(seen);
    }
  };
  const ended = (async () => {
    const runId = await patiently(signal, () => runSince(temporal, workflowId, sinceMs));
    for (let isOver = false; !isOver; ) {
      isOver = await patiently(signal, () =>
        follow(temporal, { workflowId, runId }, signal, hear, boundaryOf),
      );
    }
    onBoundary(Number.POSITIVE_INFINITY);
    return runId;
  })();
  return { workflowId, ended, boundaries: () => seen };
}

/** A Temporal that was killed answers again. */
async function patiently<T>(signal: AbortSignal, ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask().catch(() => null);
    if (answer !== null) return answer;
    await sleep(ASK_AGAIN_MS);
  }
}

async function runSince(
  { client }: TemporalAccess,
  workflowId: string,
  sinceMs: number,
): Promise<string | null> {
  const { runId, startTime } = await client.workflow.getHandle(workflowId).describe();
  return startTime.getTime() >= sinceMs ? runId : null;
}

/** Resolves with true at the run's last event; the server holds each answer back until there is something new. */
async function follow(
  { client, namespace }: TemporalAccess,
  execution: { readonly workflowId: string; readonly runId: string },
  signal: AbortSignal,
  hear: (count: number) => void,
  boundaryOf: BoundaryOf,
): Promise<true> {
  const boundaries = new Set<string>();
  let page: Uint8Array | undefined;
  do {
    signal.throwIfAborted();
    const answer = await client.workflowService.getWorkflowExecutionHistory({
      namespace,
      execution,
      waitNewEvent: true,
      ...(page && { nextPageToken: page }),
    });
    for (const event of answer.history?.events ?? []) {
      const boundary = boundaryOf(event);
      if (boundary !== null) boundaries.add(boundary);
    }
    hear(boundaries.size);
    page = answer.nextPageToken ?? undefined;
  } while (page !== undefined && page.length > 0);
  return true;
}
