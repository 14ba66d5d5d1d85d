/** One desk's workers on the shared Temporal server, with a scripted trader and the shared Postgres. */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createEmergencyActivities } from '../../../src/activities/emergency/create-emergency-activities.js';
import { createEngineActivities } from '../../../src/activities/engine/create-engine-activities.js';
import {
  createIncidentActivities,
  type Symptom,
} from '../../../src/activities/incidents/create-incident-activities.js';
import { createOperationsActivities } from '../../../src/activities/operations/create-operations-activities.js';
import type { Check, CheckContext, CheckOutcome } from '../../../src/checks/check.js';
import { CHECKS } from '../../../src/checks/registry.js';
import type { Runtime as DeskRuntime } from '../../../src/home/runtime.js';
import { notify } from '../../../src/notify/notify.js';
import { dataConverterOf, FAILURE_CONVERTER } from '../../../src/operations/temporal/data-converter.js';
import { openTemporal, type TemporalAccess } from '../../../src/operations/temporal/open-temporal.js';
import { emergencyQueue, engineQueue, operationsQueue } from '../../../src/workflows/queues.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { sharedTemporal, type TemporalAddress } from '../../support/temporal.js';
import { ScriptedTrader } from './scripted-trader.js';

export const DECISION_KEY = 'ab'.repeat(32);

let runtimeInstalled = false;
const bundles = new Map<string, Promise<{ code: string }>>();

export function bundleOf(name: 'emergency' | 'operations'): Promise<{ code: string }> {
  const workflowsPath = fileURLToPath(new URL(`../../../src/workflows/${name}/bundle.ts`, import.meta.url));
  const made =
    bundles.get(name) ??
    bundleWorkflowCode({
      workflowsPath,
      failureConverterPath: FAILURE_CONVERTER,
      logger: new DefaultLogger('ERROR'),
    });
  bundles.set(name, made);
  return made;
}

export interface Bench {
  readonly address: TemporalAddress;
  readonly temporal: TemporalAccess;
  readonly client: Client;
  readonly database: TestDatabase;
  /** A desk of its own, with workers on its queues. */
  desk(options?: DeskOptions): Promise<BenchDesk>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly serve?: readonly ('emergency' | 'engine' | 'operations')[];
  readonly incarnations?: readonly string[];
  readonly context?: Partial<CheckContext>;
  /** Evidence is written and the activity fails all the same, once a step. */
  readonly answerLost?: boolean;
  /** FERMATA_HOME of its logs. */
  readonly logsHome?: string;
  readonly incidentsFail?: boolean;
  /** More of the operations worker's. */
  readonly activities?: (desk: string) => object;
}

export interface BenchDesk {
  readonly name: string;
  readonly trader: ScriptedTrader;
  readonly alarms: string[];
  /** What each check answers; a check that is not here passes. */
  readonly checks: Map<string, () => Promise<CheckOutcome> | CheckOutcome>;
  /** State by process; without one nobody supervises. */
  readonly processes: Map<string, string>;
  /** What workflows reported as incidents. */
  readonly symptoms: Symptom[];
  evidence(routine: string): Promise<EvidenceShown[]>;
  stop(): Promise<void>;
}

export interface EvidenceShown {
  readonly step_key: string;
  readonly kind: string;
  readonly verdict: string;
  readonly observed: string;
  readonly person: string | null;
}

export const PASS: CheckOutcome = { verdict: 'pass', observed: 'fine', expected: 'fine' };

/** `home`: what Temporal keeps is sealed with the key of that installation. */
export async function openBench(home: string | null = null): Promise<Bench> {
  if (!runtimeInstalled) Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  runtimeInstalled = true;
  const address = await sharedTemporal();
  const database = await createTestDatabase();
  const temporal = openTemporal({ home, temporal: address });
  const connection = await NativeConnection.connect({ address: address.address });
  const desks: BenchDesk[] = [];
  return {
    address,
    temporal,
    client: temporal.client,
    database,
    desk: async (options = {}) => {
      const desk = await openDesk(connection, address, database, { ...options, home });
      desks.push(desk);
      return desk;
    },
    close: async () => {
      await Promise.all(desks.map((desk) => desk.stop()));
      await connection.close();
      await temporal.close();
      await database.drop();
    },
  };
}

async function openDesk(
  connection: NativeConnection,
  address: TemporalAddress,
  database: TestDatabase,
  options: DeskOptions & { readonly home: string | null },
): Promise<BenchDesk> {
  const name = `t-${randomBytes(4).toString('hex')}`;
  const trader = new ScriptedTrader(randomBytes(3).toString('hex'));
  const alarms: string[] = [];
  const checks: BenchDesk['checks'] = new Map();
  const log = { error: (_fields: object, message: string) => void alarms.push(message) };
  const { pool } = database;
  const known = new Map<string, Check>(
    [...CHECKS.keys()].map((check): [string, Check] => [
      check,
      async () => (await checks.get(check)?.()) ?? PASS,
    ]),
  );
  const emergency = createEmergencyActivities({
    pool,
    log,
    home: null,
    knownIncarnations: async () => options.incarnations ?? [trader.incarnation],
  });
  const processes: BenchDesk['processes'] = new Map();
  const symptoms: Symptom[] = [];
  const incidents = createIncidentActivities({
    pool,
    desk: name,
    home: options.logsHome ?? '/nowhere',
    tell: (notice) => notify(pool, notice),
    processState: async (process) => processes.get(process) ?? null,
    reportIncident: async (symptom) => {
      if (options.incidentsFail) throw new Error('Temporal does not answer');
      symptoms.push(symptom);
    },
  });
  const operations = createOperationsActivities({
    pool,
    log,
    checks: known,
    context: {
      runtime: {} as DeskRuntime,
      desk: {} as never,
      trader: trader.client,
      pool,
      ...options.context,
    },
    databaseOwner: () => ({ ...database }),
    decisionKey: () => DECISION_KEY,
    nowMs: Date.now,
  });
  const days = {
    startOfDay: (ms: number) => Math.floor(ms / 86_400_000) * 86_400_000,
    endOfDay: (ms: number) => Math.floor(ms / 86_400_000) * 86_400_000 + 86_400_000,
  };
  const settings = {
    emergency: {
      taskQueue: emergencyQueue(name),
      activities: options.answerLost ? losingAnswers(emergency) : emergency,
      bundle: 'emergency' as const,
    },
    operations: {
      taskQueue: operationsQueue(name),
      activities: { ...operations, ...incidents, ...options.activities?.(name) },
      bundle: 'operations' as const,
    },
    engine: {
      taskQueue: engineQueue(name, trader.incarnation),
      activities: createEngineActivities(trader.client, days, 'auto'),
      bundle: null,
    },
  };
  const serve = options.serve ?? ['emergency', 'engine', 'operations'];
  const running = await Promise.all(
    serve.map(async (which) => {
      const { taskQueue, activities, bundle } = settings[which];
      const worker = await Worker.create({
        connection,
        namespace: address.namespace,
        taskQueue,
        activities,
        ...(bundle ? { workflowBundle: await bundleOf(bundle) } : {}),
        ...(options.home === null ? {} : { dataConverter: dataConverterOf(options.home) }),
        stickyQueueScheduleToStartTimeout: '1s',
        workflowThreadPoolSize: 1,
        shutdownGraceTime: '100ms',
        shutdownForceTime: '2s',
      });
      return { worker, ended: worker.run() };
    }),
  );
  return {
    name,
    trader,
    alarms,
    checks,
    processes,
    symptoms,
    evidence: async (routine) => {
      const found = await pool.query<EvidenceShown>(
        'select step_key, kind, verdict, observed, person from evidence where desk = $1 and routine = $2 order by id',
        [name, routine],
      );
      return found.rows;
    },
    stop: async () => {
      for (const { worker } of running) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all(running.map(({ ended }) => ended.catch(() => undefined)));
    },
  };
}

/** The worst moment for a retry: the work was done, the answer never arrived. */
function losingAnswers(activities: ReturnType<typeof createEmergencyActivities>) {
  const lost = new Set<string>();
  return {
    ...activities,
    recordEvidence: async (...[run, step]: Parameters<typeof activities.recordEvidence>) => {
      await activities.recordEvidence(run, step);
      if (lost.has(step.stepKey)) return;
      lost.add(step.stepKey);
      throw new Error('the answer was lost');
    },
  };
}
