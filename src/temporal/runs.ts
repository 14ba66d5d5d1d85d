import { setTimeout as sleep } from 'node:timers/promises';
import { WorkflowClient, type WorkflowExecutionDescription, WorkflowNotFoundError } from '@temporalio/client';
import { emergencyQueue, operationsQueue } from '../contracts/queues.js';
import type { TemporalAccess } from './open-temporal.js';

/**
 * The state of a run; without `runId`, of the workflow's newest one. Null if Temporal has none. Rejects while Temporal
 * doesn't answer.
 */
export async function describeRun(
  temporal: TemporalAccess,
  deadlineMs: number,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | null> {
  try {
    return await temporal.within(deadlineMs, (client) =>
      client.workflow.getHandle(workflowId, runId).describe(),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/**
 * A filter for lists of runs. A run that a person starts in Temporal by hand has no desk attribute, so its
 * queue also counts.
 */
export const runsOfDesk = (desk: string): string =>
  `(FermataDesk = "${desk}" OR TaskQueue = "${operationsQueue(desk)}" OR TaskQueue = "${emergencyQueue(desk)}")`;

/**
 * A query that only an open run answers: Temporal would also let a closed run answer. Rejects with
 * `QueryRejectedError` if the run is closed, with `WorkflowNotFoundError` if there is none.
 */
export function askRunning<T>(
  temporal: TemporalAccess,
  deadlineMs: number,
  workflowId: string,
  query: string,
): Promise<T> {
  return temporal.within(deadlineMs, ({ connection, options }) =>
    new WorkflowClient({
      connection,
      namespace: options.namespace,
      dataConverter: options.loadedDataConverter,
      queryRejectCondition: 'NOT_OPEN',
    })
      .getHandle(workflowId)
      .query<T>(query),
  );
}

const QUERY_MS = 3_000;
const POLL_MS = 200;
/** A wait for a person or a backup needs no frequent polling. */
const POLL_MS_MAX = 5_000;
/** From this pause on, each poll without an answer also checks whether the run is open. */
const LOOK_MS = 500;

/** `answer` null: there is none so far. `ended`: then there will be none, and this is how its run ended, in words. */
export interface Told<T> {
  readonly answer: T | null;
  readonly ended: string | null;
}

/**
 * Polls a query until its answer is `known`, which may be long before the run's evidence is written, or the run is
 * closed without one. After `patienceMs` the run goes on by itself. Without `runId`, the workflow's newest run is asked.
 */
export async function awaitQuery<T>(
  temporal: TemporalAccess,
  { workflowId, runId }: { readonly workflowId: string; readonly runId?: string },
  ask: { readonly query: string; readonly known: (answer: T) => boolean },
  patienceMs: number,
): Promise<Told<T>> {
  const untilMs = performance.now() + patienceMs;
  const knownAnswer = async (): Promise<T | null> => {
    const answer = await temporal
      .within(QUERY_MS, (client) => client.workflow.getHandle(workflowId, runId).query<T>(ask.query))
      .catch(() => null);
    return answer !== null && ask.known(answer) ? answer : null;
  };
  for (let pauseMs = POLL_MS; performance.now() < untilMs; pauseMs = Math.min(pauseMs * 1.25, POLL_MS_MAX)) {
    const answer = await knownAnswer();
    if (answer !== null) return { answer, ended: null };
    // A short run needs no such check.
    const ended = pauseMs > LOOK_MS ? await howEnded(temporal, workflowId, runId) : null;
    // It may have answered between the two.
    if (ended !== null) return { answer: await knownAnswer(), ended };
    await sleep(pauseMs);
  }
  return { answer: null, ended: null };
}

/** Null: the run is open, or Temporal can't say. */
async function howEnded(
  temporal: TemporalAccess,
  workflowId: string,
  runId: string | undefined,
): Promise<string | null> {
  const described = await describeRun(temporal, QUERY_MS, workflowId, runId).catch(() => undefined);
  if (described === undefined || described?.status.name === 'RUNNING' || described?.status.name === 'PAUSED')
    return null;
  return described === null ? FORGOTTEN : wordsOf(described.status.name);
}

/**
 * What an open run is doing again and again, in words: its first failed activity with the attempt and the last cause.
 * Null: nothing is repeated, or Temporal can't say.
 */
export async function repeatedStep(
  temporal: TemporalAccess,
  workflowId: string,
  runId: string,
): Promise<string | null> {
  const described = await describeRun(temporal, QUERY_MS, workflowId, runId).catch(() => null);
  const failing = described?.raw.pendingActivities?.find(({ lastFailure }) => lastFailure?.message);
  if (!failing) return null;
  return `${failing.activityType?.name}, attempt ${failing.attempt}: ${failing.lastFailure?.message}`;
}

const EACH_MS = 30_000;
/** The list of runs lags, and a child may have begun before its parent was ended. */
const ROUNDS_MAX = 5;

/**
 * Terminates the open runs of a desk that was restored: they belong to what the restore undid, and must not
 * continue. Returns how many. Rejects with `TemporalUnavailable`, or if open runs remain.
 */
export async function endOpenRuns(temporal: TemporalAccess, desk: string, reason: string): Promise<number> {
  const query = `${runsOfDesk(desk)} AND ExecutionStatus = "Running"`;
  const ended = new Set<string>();
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const open = await temporal.within(EACH_MS, async (client) => {
      const found: { readonly workflowId: string; readonly runId: string }[] = [];
      for await (const { workflowId, runId } of client.workflow.list({ query }))
        if (!ended.has(runId)) found.push({ workflowId, runId });
      return found;
    });
    if (open.length === 0) return ended.size;
    for (const { workflowId, runId } of open) {
      await temporal.within(EACH_MS, (client) =>
        client.workflow
          .getHandle(workflowId, runId)
          .terminate(reason)
          .catch((error: unknown) => {
            // It has ended by itself meanwhile.
            if (!(error instanceof WorkflowNotFoundError)) throw error;
          }),
      );
      ended.add(runId);
    }
  }
  throw new Error(`after ${ended.size} were ended there are still open runs of ${desk}`);
}

type RunState =
  | { readonly running: true }
  /** `ended`: finished by itself. `how`: in words. `runId`: its newest run; null if Temporal no longer has it. */
  | { readonly running: false; readonly ended: boolean; readonly how: string; readonly runId: string | null };

const ASK_MS = 5_000;

/** By Temporal's status of a closed run. */
export const HOW_ENDED: Readonly<Record<string, string>> = {
  TERMINATED: 'its run was terminated in Temporal',
  FAILED: 'its run failed in Temporal',
  TIMED_OUT: 'its run timed out in Temporal',
  CANCELLED: 'its run was cancelled in Temporal',
  COMPLETED: 'its run has ended without writing that down',
};

/**
 * Whether the run that began this still continues, in any of its successors (continued, reset). `firstRunId`
 * null: any run of that workflow. Rejects while Temporal doesn't answer, because then nothing is known.
 */
export async function runState(
  temporal: TemporalAccess,
  workflowId: string,
  firstRunId: string | null,
): Promise<RunState> {
  const described = await describeRun(temporal, ASK_MS, workflowId);
  if (described === null) return { running: false, ended: false, how: FORGOTTEN, runId: null };
  const { status, raw, runId } = described;
  const isThat = firstRunId === null || raw.workflowExecutionInfo?.firstRunId === firstRunId;
  if (isThat && (status.name === 'RUNNING' || status.name === 'PAUSED')) return { running: true };
  if (!isThat)
    return { running: false, ended: false, how: 'its run is gone, and another has its name', runId: null };
  return { running: false, ended: status.name === 'COMPLETED', how: wordsOf(status.name), runId };
}

const wordsOf = (status: string): string =>
  HOW_ENDED[status] ?? `its run is ${status.toLowerCase()} in Temporal`;

export const FORGOTTEN = 'Temporal does not know its run: its database was lost or set back';

/** Whether Temporal still has exactly this run, open or closed. */
export async function isKnown(temporal: TemporalAccess, workflowId: string, runId: string): Promise<boolean> {
  return (await describeRun(temporal, ASK_MS, workflowId, runId)) !== null;
}

/** Whether exactly this run is open: one that was reset has done other things. */
export async function isRunning(
  temporal: TemporalAccess,
  workflowId: string,
  runId: string,
): Promise<boolean> {
  return (await describeRun(temporal, ASK_MS, workflowId, runId))?.status.name === 'RUNNING';
}
