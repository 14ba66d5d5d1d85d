/**
 * The process that a stop goes through: a worker for the emergency workflows, the activities that reach the trader, the
 * end-to-end heartbeat, and (unless it has its own process) the auditor. Nothing else, so that nothing else can hold it
 * up.
 */
import { createEmergencyActivities } from '../activities/create-emergency-activities.js';
import { startAuditor } from '../auditor/start-auditor.js';
import { isThere } from '../contracts/emergency.js';
import { emergencyQueue } from '../contracts/queues.js';
import { homeId } from '../home/home-id.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { openPool } from '../store/pool.js';
import { openTemporal } from '../temporal/open-temporal.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk } from '../venue/load-desk.js';
import { bundleFile } from './bundle-workflows.js';
import { deskOwnerOf } from './desk-owner-client.js';
import { followIncarnation } from './follow-incarnation.js';
import { followRuns } from './follow-runs.js';
import { installRuntime } from './install-runtime.js';
import { keepWorker } from './keep-worker.js';
import { sendHeartbeats } from './operations-heartbeat.js';
import { roleLog } from './role-log.js';

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
