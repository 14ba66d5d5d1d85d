/**
 * The process that a stop goes through: a worker for the emergency workflows, the activities that reach the trader, the
 * end-to-end heartbeat, and (unless it has its own process) the auditor. Nothing else, so that nothing else can hold it
 * up.
 */

import { QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { createEmergencyActivities } from '../activities/create-emergency-activities.js';
import { startAuditor } from '../auditor/start-auditor.js';
import { isThere } from '../contracts/emergency.js';
import {
  emergencyQueue,
  operationsQueue,
  PULSE_MESSAGES,
  type PulseInput,
  pulseId,
} from '../contracts/queues.js';
import { runLabel } from '../contracts/run-label.js';
import type { Desk } from '../desk/schema.js';
import { homeId } from '../home/installation.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import type { KeptTask } from '../home/try-again.js';
import { openPool } from '../store/pool.js';
import { openTemporal, type TemporalAccess } from '../temporal/open-temporal.js';
import { askRunning } from '../temporal/runs.js';
import { connectTrader, type TraderClient } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import { deskOwnerOf, followIncarnation } from './follow-incarnation.js';
import { installRuntime } from './install-runtime.js';
import { keepWorker } from './keep-worker.js';
import { followRuns } from './reconcile/ended-runs.js';
import { POLL_MS, repeat } from './repeat.js';
import { type Logger, roleLog } from './role-log.js';
import { bundleFile } from './workflow-bundles.js';

export async function startEngineWorker(runtime: Runtime): Promise<Role> {
  const log = roleLog('engine-worker');
  await installRuntime(log, { role: 'engine-worker', address: runtime.workerMetrics?.['engine-worker'] });
  const { desk } = loadDesk(runtime.deskFile);
  const { controlSocket } = deskPaths(homePaths(runtime.home), runtime.desk);
  const trader = connectTrader(controlSocket);
  const pool = openPool(runtime, 'engine-worker');
  const temporal = openTemporal(runtime);
  const owner = deskOwnerOf(temporal, desk, homeId(runtime.home));
  const context = { runtime, temporal, log };

  const emergency = keepWorker(context, {
    taskQueue: emergencyQueue(desk.desk),
    bundle: { codePath: bundleFile('emergency') },
    sinks: followRuns(pool, desk.desk),
    activities: createEmergencyActivities({
      pool,
      home: runtime.home,
      log,
      knownIncarnations: async () => {
        const admitted = await owner.incarnations();
        const there = admitted.filter((one) => isThere(one, Date.now()));
        return [...new Set([...there.map(({ incarnation }) => incarnation), ...engine.served()])];
      },
      goneTraders: async () => {
        const admitted = await owner.incarnations();
        return admitted.filter((one) => !isThere(one, Date.now()));
      },
    }),
  });
  const engine = followIncarnation(context, desk, trader, owner);
  const heartbeat = sendHeartbeats(temporal, desk, trader, log);
  const auditor = process.env.FERMATA_SEPARATE === '1' ? null : await startAuditor(runtime);
  await Promise.all([emergency.ready, engine.ready]);

  return {
    stop: async () => {
      await Promise.all([heartbeat.stop(), auditor?.stop()]);
      await Promise.all([engine.stop(), emergency.stop()]);
      trader.close();
      await Promise.allSettled([temporal.close(), pool.end()]);
    },
  };
}

/** Pause after a failure, or a twelfth of the trader's patience if that is less. */
const AGAIN_MS_MAX = 5_000;
const ANSWER_MS = 4_000;
/** One late beat is a busy machine; more means that Temporal doesn't write. */
const BEAT_AGE_MS_MAX = 2.5 * POLL_MS.pulse;

/**
 * The end-to-end heartbeat. The trader hears that operations are alive only when Temporal answers, the
 * operations worker runs workflow code (a query reaches it), and the pulse workflow's clock still moves
 * (timers fire and history is written). Queries leave no trace in the history. If there is no pulse, this
 * starts one: nobody else does.
 */
export function sendHeartbeats(
  temporal: TemporalAccess,
  desk: Desk,
  trader: TraderClient,
  log: Logger,
): KeptTask {
  const silentMs = desk.deadMan.operationsSilentSeconds * 1_000;
  // So that two failures in a row can be made up for before the trader acts.
  const everyMs = Math.min(POLL_MS.heartbeat, silentMs / 3);
  const againMs = Math.min(AGAIN_MS_MAX, silentMs / 12);
  let sentMs = Number.NEGATIVE_INFINITY;
  const standsStill = watchPulse();
  return repeat('operations heartbeat', againMs, log, async () => {
    if (performance.now() - sentMs < everyMs - againMs / 2) return;
    const lastBeatMs = await lastBeat(temporal, desk);
    if (standsStill(lastBeatMs)) throw new Error('the pulse workflow stands still');
    await trader.call('heartbeat', { from: 'operations' }, { timeoutMs: ANSWER_MS });
    sentMs = performance.now();
  });
}

/**
 * Whether the pulse stands still, by its last beat. Beats have the time of Temporal's clock, which may be minutes apart
 * from this machine's: an old one counts only if no other has come for as long.
 */
export function watchPulse(
  wallMs: () => number = Date.now,
  steadyMs: () => number = () => performance.now(),
): (lastBeatMs: number) => boolean {
  let beatMs: number | null = null;
  let cameMs = 0;
  return (lastBeatMs) => {
    if (lastBeatMs !== beatMs) [beatMs, cameMs] = [lastBeatMs, steadyMs()];
    return wallMs() - lastBeatMs > BEAT_AGE_MS_MAX && steadyMs() - cameMs > BEAT_AGE_MS_MAX;
  };
}

export async function lastBeat(temporal: TemporalAccess, { desk }: Desk): Promise<number> {
  const ask = () => askRunning<number>(temporal, ANSWER_MS, pulseId(desk), PULSE_MESSAGES.lastBeat);
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof QueryRejectedError || error instanceof WorkflowNotFoundError)) throw error;
    await startPulse(temporal, desk);
    return ask();
  }
}

/** Workflow id `pulse:<desk>`. */
async function startPulse(temporal: TemporalAccess, desk: string): Promise<void> {
  const input: PulseInput = { desk, everyMs: POLL_MS.pulse };
  await temporal.within(ANSWER_MS, (client) =>
    client.workflow.start('pulse', {
      workflowId: pulseId(desk),
      taskQueue: operationsQueue(desk),
      workflowIdConflictPolicy: 'USE_EXISTING',
      args: [input],
      ...runLabel({
        desk,
        routine: 'pulse',
        summary: `Operations of ${desk} are alive`,
        details:
          'Beats as long as timers fire, history is written and the operations worker runs. Where it stops, the trader does what the desk file names (`deadMan`).',
      }),
    }),
  );
}
