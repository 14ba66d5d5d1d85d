/**
 * Serves the queue of the journal's current incarnation and announces it to the desk owner. A restored or new journal
 * has a new incarnation; the old queue is then no longer served.
 */
import { createEngineActivities } from '../activities/engine/create-engine-activities.js';
import { tradingDaysOf } from '../activities/engine/trading-days.js';
import { engineQueue } from '../contracts/queues.js';
import type { Desk } from '../desk/schema.js';
import type { TraderClient } from '../trader/client.js';
import { readWords } from '../trader/read-status.js';
import type { DeskOwner } from './desk-owner-client.js';
import { type KeptWorker, keepWorker, type WorkerContext } from './keep-worker.js';
import { LOOKS_MS } from './looks.js';
import { repeat } from './repeat.js';

export interface FollowedIncarnation {
  /** Resolves once the trader was reached, its queue is served and the desk owner knows it. */
  readonly ready: Promise<void>;
  /** Incarnations whose queue is served here: one, or none yet. */
  served(): readonly string[];
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 1_000;
/** Pause after nobody could say when it ends. */
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
    if (performance.now() - announcedMs < LOOKS_MS.deskOwner) return;
    await owner.admit(incarnation);
    announcedMs = performance.now();
    markReady();
    if (!isWatched) watchOwner();
  });
  /** If it is terminated, the next poll starts it again: a stop by signal must find it. */
  const watchOwner = (): void => {
    isWatched = true;
    const announceIn = (ms: number) => () => {
      announcedMs = performance.now() - LOOKS_MS.deskOwner + ms;
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
    activities: createEngineActivities(trader, tradingDaysOf(desk), desk.resume.venue),
    sinks: null,
  });
}
