/**
 * Serves the queue of the journal's current incarnation and announces it to the desk owner. A restored or new journal
 * has a new incarnation; the old queue is then no longer served.
 */
import { createHash } from 'node:crypto';
import {
  QueryRejectedError,
  WithStartWorkflowOperation,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { createEngineActivities } from '../activities/create-engine-activities.js';
import {
  type AdmittedIncarnation,
  type DeskOwnerInput,
  EMERGENCY_MESSAGES,
  EMERGENCY_TASK_MS,
  EMERGENCY_TIMING,
  type EmergencyOutcome,
} from '../contracts/emergency.js';
import { deskOwnerId, emergencyQueue, emergencyStopId, engineQueue } from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import type { Desk } from '../desk/schema.js';
import { tradingDaysOf } from '../domain/zone-offset.js';
import type { TemporalAccess } from '../temporal/open-temporal.js';
import { askRunning } from '../temporal/runs.js';
import type { TraderClient } from '../trader/client.js';
import { readWords } from '../trader/read-status.js';
import { type KeptWorker, keepWorker, type WorkerContext } from './keep-worker.js';
import { POLL_MS, repeat } from './repeat.js';

interface FollowedIncarnation {
  /** Resolves once the trader was reached, its queue is served and the desk owner knows it. */
  readonly ready: Promise<void>;
  /** Incarnations whose queue is served here: one, or none yet. */
  served(): readonly string[];
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** Pause after the end of the desk owner's run could not be determined. */
const ASK_AGAIN_MS = 30_000;

export function followIncarnation(
  context: WorkerContext,
  desk: Desk,
  trader: TraderClient,
  owner: DeskOwner,
): FollowedIncarnation {
  let serving: { readonly incarnation: string; readonly worker: KeptWorker } | null = null;
  let announcedMs = Number.NEGATIVE_INFINITY;
  let isWatched = false;
  let markReady = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    markReady = resolve;
  });

  const looking = repeat('following the trader', LOOK_EVERY_MS, context.log, async () => {
    const { incarnation } = await readWords({ trader });
    if (incarnation === '') return;
    if (serving?.incarnation !== incarnation) {
      await serving?.worker.stop();
      serving = { incarnation, worker: serve(context, desk, trader, incarnation) };
      announcedMs = Number.NEGATIVE_INFINITY;
      await serving.worker.ready;
    }
    if (performance.now() - announcedMs < POLL_MS.deskOwner) return;
    await owner.admit(incarnation);
    announcedMs = performance.now();
    markReady();
    if (!isWatched) watchOwner();
  });
  /** If the desk owner is terminated, the next poll starts it again: a stop by signal must find it. */
  const watchOwner = (): void => {
    isWatched = true;
    const announceIn = (ms: number) => () => {
      announcedMs = performance.now() - POLL_MS.deskOwner + ms;
    };
    const ended = owner.ended().then(announceIn(0), announceIn(ASK_AGAIN_MS));
    ended.finally(() => {
      isWatched = false;
    });
  };
  return {
    ready,
    served: () => (serving ? [serving.incarnation] : []),
    stop: async () => {
      const worker = serving?.worker;
      await Promise.race([looking.stop(), worker?.stop()]);
      await serving?.worker.stop();
    },
  };
}

function serve(context: WorkerContext, desk: Desk, trader: TraderClient, incarnation: string): KeptWorker {
  return keepWorker(context, {
    taskQueue: engineQueue(desk.desk, incarnation),
    bundle: null,
    activities: createEngineActivities(trader, tradingDaysOf(desk), desk.resume.venue, () =>
      owesStop(context.temporal, desk.desk, incarnation),
    ),
    sinks: null,
  });
}

/**
 * Whether this trader has not taken the desk's emergency stop yet, or will be sent it once the stop finds it:
 * the stop may look for new traders only once a minute. Rejects if that can't be determined.
 */
export async function owesStop(
  temporal: TemporalAccess,
  desk: string,
  incarnation: string,
): Promise<boolean> {
  const asked = askRunning<EmergencyOutcome>(
    temporal,
    QUERY_MS,
    emergencyStopId(desk),
    EMERGENCY_MESSAGES.progress,
  );
  const { owedTo = [], takenBy } = await asked.catch(
    (error: unknown): Pick<EmergencyOutcome, 'owedTo' | 'takenBy'> => {
      if (error instanceof QueryRejectedError || error instanceof WorkflowNotFoundError) return {};
      throw error;
    },
  );
  return owedTo === null || owedTo.includes(incarnation) || takenBy?.includes(incarnation) === false;
}

interface DeskOwner {
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
 * A client of the always-running `desk-owner:<desk>`: asks whether it knows our trader, and announces it if not.
 * `place`: derived from the home folder's id and the desk. A new incarnation replaces the earlier one there.
 */
export function deskOwnerOf(temporal: TemporalAccess, desk: Desk, homeId: string): DeskOwner {
  const workflowId = deskOwnerId(desk.desk);
  const place = createHash('sha256').update(`${homeId}\n${desk.desk}`).digest('hex').slice(0, PLACE_LENGTH);
  // A closed run would answer too, but accepts no signals.
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
      // Queries leave no trace in the history; updates do, and a run accepts 2,000 of them.
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
