/**
 * The pre-flight of the running desk, run by its operations worker, which holds the exchange's key and the
 * bot's token: who only asks loads nothing that reads them.
 */
import { TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import type { PreflightReport } from '../../contracts/published.js';
import { operationsQueue, preflightId } from '../../contracts/queues.js';
import { runLabel } from '../../contracts/run-label.js';
import { causeOf } from '../../domain/message-of.js';
import { type TemporalAccess, TemporalUnavailable } from '../../temporal/open-temporal.js';
import type { preflight } from '../../workflows/operations/validation.js';
import type { OperationContext } from '../operation.js';

const START_MS = 5_000;
/** Requests to the exchange have time limits of their own; the page waits for a minute. */
const PATIENCE_MS = 40_000;

/** Joins a pre-flight that is under way. Rejects with what is missing: Temporal or the worker. */
export async function askPreflight(
  { desk: { desk }, temporal }: Pick<OperationContext, 'desk' | 'temporal'>,
  patienceMs = PATIENCE_MS,
): Promise<PreflightReport> {
  const runId = await start(temporal, desk, patienceMs);
  try {
    return await temporal.within(patienceMs, (client) =>
      client.workflow.getHandle<typeof preflight>(preflightId(desk), runId).result(),
    );
  } catch (error) {
    throw new Error(
      isLate(error)
        ? `the operations worker has not made the pre-flight checks within ${patienceMs / 1_000} s; is it running?`
        : causeOf(error),
    );
  }
}

/** True for a timeout of the wait or of the run, whichever comes first. */
const isLate = (error: unknown): boolean =>
  error instanceof TemporalUnavailable ||
  (error instanceof WorkflowFailedError && error.cause instanceof TimeoutFailure);

async function start(temporal: TemporalAccess, desk: string, patienceMs: number): Promise<string> {
  const handle = await temporal.within(START_MS, (client) =>
    client.workflow.start<typeof preflight>('preflight', {
      workflowId: preflightId(desk),
      taskQueue: operationsQueue(desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      // Nobody waits for a later answer.
      workflowExecutionTimeout: patienceMs,
      args: [{ desk }],
      ...runLabel({
        desk,
        routine: 'preflight',
        summary: `Pre-flight of ${desk}`,
        details:
          'Everything that real money needs, looked at now by real calls on the exchange. Changes nothing.',
      }),
    }),
  );
  return handle.firstExecutionRunId;
}
