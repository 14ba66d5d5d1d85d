/**
 * The process for everything that is not a stop: routines, resumption, schedules, and (unless it has its own process)
 * the ledger. It watches the trader and starts what the trader's state requires; of several such processes, only one
 * does that.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createGoLiveActivities,
  createValidationActivities,
} from '../activities/create-go-live-activities.js';
import { createIncidentActivities } from '../activities/create-incident-activities.js';
import { createDeployActivities } from '../activities/operations/create-deploy-activities.js';
import { createOperationsActivities } from '../activities/operations/create-operations-activities.js';
import { openRunningCommands } from '../activities/operations/run-command-step.js';
import { ownActions, ownParts } from '../checks/own-parts.js';
import { REPORT_FOLDER } from '../checks/preflight/newest-go.js';
import { CHECKS } from '../checks/registry.js';
import { deskEnvironment, fromWorkingFolder } from '../desk/desk-environment.js';
import { contactsFor } from '../desk/notify-schema.js';
import { readyOrEnding } from '../home/desk-in-process.js';
import { deskPaths, homePaths, type Role, type Runtime } from '../home/runtime.js';
import { readSecret } from '../home/secrets.js';
import { startLedger } from '../ledger/start-ledger.js';
import { notify } from '../notify/notify.js';
import { preflightOfRuntime } from '../operations/go-live/preflight.js';
import { openPool } from '../store/pool.js';
import { takeTurn } from '../store/take-turn.js';
import { openTemporal } from '../temporal/open-temporal.js';
import { playbookOfStep, reportIncident } from '../temporal/report-incident.js';
import { isRunning } from '../temporal/runs.js';
import { connectTrader } from '../trader/client.js';
import { loadDesk, readPlaybooks } from '../venue/load-desk.js';
import { afterFills, askForRolls } from './asked-of-people.js';
import { failingChecksOf } from './changes-waited-for.js';
import { incidentsOfOrders, incidentsOfProcesses } from './incidents-of-trader.js';
import { installRuntime } from './install-runtime.js';
import { followRuns } from './reconcile/ended-runs.js';
import { roleLog } from './role-log.js';
import { serveBuilds, type UnservedBuild } from './serve-builds.js';
import { servePacks } from './serve-packs.js';
import { tellPacksEnd, tellUnserved, watchRuns, watchStuckWorkflows } from './stuck-runs.js';
import { watchProcesses } from './watch-processes.js';
import { watchFreeSpace, watchTrader } from './watch-trader.js';
import { bundleFile } from './workflow-bundles.js';

/** `name`: which of several workers this is. */
export async function startOperationsWorker(
  runtime: Runtime,
  name: string = 'operations-worker',
): Promise<Role> {
  const log = roleLog(name);
  const hideFigures = await installRuntime(log, {
    role: name,
    address: runtime.workerMetrics?.['operations-worker'],
  });
  const { desk, text: deskText, configHash } = loadDesk(runtime.deskFile, { playbooks: readPlaybooks });
  const trader = connectTrader(deskPaths(homePaths(runtime.home), runtime.desk).controlSocket);
  const pool = openPool(runtime, 'operations-worker');
  const temporal = openTemporal(runtime);
  const decisionKey = (): string => readSecret(runtime.home, 'decisionKey');
  const watched = { temporal, desk, trader, pool, log, seen: { incarnation: null } };
  const processes = watchProcesses(runtime, trader);
  // One file per worker: whatever it lists at the start was left by an earlier process of that worker.
  const commandsFile = join(
    homePaths(runtime.home).run,
    name === 'operations-worker' ? 'commands.json' : `commands-of-${name}.json`,
  );
  const commands = await openRunningCommands(commandsFile, (fields, text) => log.warn(fields, text));
  const own = ownParts(runtime, commands);
  const checks = new Map([...CHECKS, ...own.checks]);
  const tell = (unserved: UnservedBuild) => tellUnserved(watched, runtime.home, unserved);
  const worker = serveBuilds({
    ...{ runtime, temporal, log, tell },
    desk: desk.desk,
    of: 'operations',
    code: readFileSync(bundleFile('operations'), 'utf8'),
    sinks: followRuns(pool, desk.desk),
    activities: {
      ...createOperationsActivities({
        pool,
        checks,
        context: { runtime, desk, trader, pool },
        deskText,
        decisionKey,
        nowMs: Date.now,
        log,
        runningCommands: commands,
        reports: own.reports,
        ownAction: ownActions(runtime, { desk, trader }),
        partCode: own.code,
        isRunning: (workflowId, runId) => isRunning(temporal, workflowId, runId),
      }),
      ...createIncidentActivities({
        pool,
        desk: desk.desk,
        currency: desk.paper.currency,
        instruments: desk.instruments,
        home: runtime.home,
        contactsOf: (kind) => contactsFor(desk, kind),
        tell: (notice) => notify(pool, notice, runtime.home),
        processState: processes.state,
        restartProcess: processes.restart,
        restoreDatabase: processes.restoreDatabase,
        reportIncident: async (symptom) => {
          await reportIncident({ ...watched, nowMs: Date.now }, symptom);
        },
        runPlaybook: (request, ending) => playbookOfStep({ ...watched, nowMs: Date.now }, request, ending),
      }),
      ...createDeployActivities({ home: runtime.home, switchBuild: processes.switchBuild }),
      ...createGoLiveActivities({
        pool,
        desk,
        trader,
        configHash,
        home: runtime.home,
        reportFolder: fromWorkingFolder(REPORT_FOLDER),
        preflight: () => preflightOfRuntime({ runtime, trader }, Date.now),
      }),
      ...createValidationActivities({ home: runtime.home, pool, decisionKey }),
    },
  });
  const packs = servePacks({
    ...{ runtime, temporal, log, tell },
    tellEnding: (how) => tellPacksEnd(watched, runtime.home, how),
    hasCode: desk.coded !== undefined,
  });
  const ledger = deskEnvironment().FERMATA_SEPARATE === '1' ? null : await startLedger(runtime);
  await readyOrEnding(worker.ready);
  const watching = takeTurn(runtime, 'watch', log, () => {
    const loops = [
      watchTrader(watched, {
        home: runtime.home,
        failingChecks: failingChecksOf({ runtime, desk, trader, pool }, checks),
      }),
      incidentsOfProcesses(watched, log, processes.look),
      incidentsOfOrders(watched, log),
      afterFills({ desk, pool, home: runtime.home }, log),
      watchStuckWorkflows(watched, log, runtime.home),
      watchFreeSpace(watched, runtime.home),
      watchRuns({ ...watched, nowMs: Date.now, home: runtime.home }, log, runtime.temporal),
      askForRolls(
        { runtime, desk, trader, temporal, pool, decisionKey, newId: randomUUID, nowMs: Date.now },
        log,
      ),
    ];
    return { stop: () => Promise.all(loops.map((loop) => loop?.stop())) };
  });

  return {
    stop: async () => {
      await watching.stop();
      await Promise.all([worker.stop(), packs.stop(), ledger?.stop()]);
      trader.close();
      await commands.end();
      await Promise.allSettled([temporal.close(), pool.end()]);
      hideFigures();
    },
  };
}
