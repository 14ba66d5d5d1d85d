/** A client of the always-running `desk-owner:<desk>`: asks whether it knows our trader, and announces it if not. */
import { createHash } from 'node:crypto';
import { WithStartWorkflowOperation, WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import {
  type AdmittedIncarnation,
  type DeskOwnerInput,
  EMERGENCY_MESSAGES,
  EMERGENCY_TASK_MS,
  EMERGENCY_TIMING,
} from '../contracts/emergency.js';
import { deskOwnerId, emergencyQueue } from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import type { Desk } from '../desk/schema.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { askRunning } from '../temporal/runs.js';

export interface DeskOwner {
  /** Rejects while it isn't running or Temporal is down. */
  incarnations(): Promise<readonly AdmittedIncarnation[]>;
  /** Starts the desk owner if it isn't running. Changes nothing if the incarnation is known. */
  admit(incarnation: string): Promise<void>;
  /** Resolves when its run has ended, or is no longer known. Rejects if that can't be determined. */
  ended(): Promise<void>;
}

const QUERY_MS = 3_000;
const UPDATE_MS = 5_000;
const PLACE_LENGTH = 12;
/** The trader is announced again after this time, so that it doesn't count as gone. */
const SEEN_AGAIN_MS = 6 * 3_600_000;

/**
 * `place`: derived from the home folder's id and the desk. A new incarnation replaces the earlier one in the same
 * place.
 */
export function deskOwnerOf(temporal: TemporalAccess, desk: Desk, homeId: string): DeskOwner {
  const workflowId = deskOwnerId(desk.desk);
  const place = createHash('sha256').update(`${homeId}\n${desk.desk}`).digest('hex').slice(0, PLACE_LENGTH);
  // A closed run would answer too, but takes no signals.
  const incarnations = () =>
    askRunning<readonly AdmittedIncarnation[]>(
      temporal,
      QUERY_MS,
      workflowId,
      EMERGENCY_MESSAGES.incarnations,
    );
  return {
    incarnations,
    admit: async (incarnation) => {
      const isOurs = (known: AdmittedIncarnation) =>
        known.place === place &&
        known.incarnation === incarnation &&
        Date.now() - (known.seenMs ?? 0) < SEEN_AGAIN_MS;
      // Queries leave no trace in the history; updates do, and a run takes 2,000 of them.
      if ((await incarnations().catch(() => [])).some(isOurs)) return;
      await temporal.within(UPDATE_MS, (client) =>
        client.workflow.executeUpdateWithStart(EMERGENCY_MESSAGES.admitIncarnation, {
          args: [{ incarnation, place }],
          startWorkflowOperation: new WithStartWorkflowOperation('deskOwner', startOf(desk)),
        }),
      );
    },
    ended: async () => {
      try {
        // The server holds the answer back until the run ends.
        await temporal.client.workflow.getHandle(workflowId).result();
      } catch (error) {
        if (!(error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError)) throw error;
      }
    },
  };
}

function startOf(desk: Desk) {
  const input: DeskOwnerInput = {
    desk: desk.desk,
    admitted: [],
    orders: [],
    timing: { ...EMERGENCY_TIMING, closeAllDeadlineMs: desk.closeAll.deadlineSeconds * 1_000 },
  };
  return {
    workflowId: deskOwnerId(desk.desk),
    workflowTaskTimeout: EMERGENCY_TASK_MS,
    taskQueue: emergencyQueue(desk.desk),
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    args: [input] as [DeskOwnerInput],
    ...runLabel({
      desk: desk.desk,
      routine: 'desk-owner',
      summary: `Takes a stop of ${desk.desk} from here`,
      listed: null,
      details: [
        'Send the signal `stop` or `closeAll` with the reason as text, here or by',
        `\`temporal workflow signal --workflow-id ${deskOwnerId(desk.desk)} --name stop --input '"the reason"'\`.`,
      ].join(' '),
    }),
  };
}
