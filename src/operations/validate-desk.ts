import { operationsQueue, validationId } from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import type { ValidationOutcome } from '../contracts/validation.js';
import { DAY_MS } from '../domain/civil-date.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import type { ValidationRequest } from '../validation/request.js';
import type { ValidationInput } from '../workflows/operations/validation.js';

const START_MS = 5_000;
/** Limit of one query to the workflow; then it is repeated. */
const ASK_MS = 20_000;
/** Heartbeats come every second. */
const SILENT_MS = 10_000;
const EVIDENCE_MS = 3_600_000;

/**
 * Starts `validation:<desk>:<id>`, or joins it if it is running; a finished one returns its report again. The request
 * is in the validation's folder. Rejects while Temporal is down.
 */
export async function startValidation(temporal: TemporalAccess, request: ValidationRequest): Promise<string> {
  const { desk, id, durationMs } = request;
  const input: ValidationInput = {
    desk,
    id,
    durationMs,
    person: request.requestedBy,
    // Live prices take as long as the clock; the extra day covers any standstill.
    runMsMax: 2 * durationMs + DAY_MS,
    silentMs: SILENT_MS,
    evidenceMs: EVIDENCE_MS,
  };
  const workflowId = validationId(desk, id);
  await temporal.within(START_MS, (client) =>
    client.workflow.start('validation', {
      workflowId,
      taskQueue: operationsQueue(desk),
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      ...runLabel({
        desk,
        routine: 'validation',
        summary: `Go-live validation of ${desk}: ${durationMs / 3_600_000} h on paper`,
        details: [
          'Paper-trades the desk’s own strategies and limits in an instance of its own, for exactly this much market',
          'time, then judges trades, win rate, Sharpe ratio and drawdown. Thin or broken data is a NO-GO.',
        ].join(' '),
      }),
    }),
  );
  return workflowId;
}

/** Resolves when the workflow has ended, however long that takes; keeps asking while Temporal is down. */
export async function awaitValidation(
  temporal: TemporalAccess,
  workflowId: string,
): Promise<ValidationOutcome> {
  for (;;) {
    try {
      return await temporal.within(ASK_MS, (client) =>
        client.workflow
          .getHandle<(input: ValidationInput) => Promise<ValidationOutcome>>(workflowId)
          .result(),
      );
    } catch (error) {
      if (!(error instanceof Error && error.name === 'TemporalUnavailable')) throw error;
    }
  }
}
