/** A query that only an open run answers: Temporal would let a closed run answer, too. */
import { WorkflowClient } from '@temporalio/client';
import type { TemporalAccess } from './open-temporal.js';

/** Rejects with `QueryRejectedError` if the run is closed, with `WorkflowNotFoundError` if there is none. */
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
