/** One desk's workers on the shared Temporal server, with a scripted trader and the shared Postgres. */

import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { z } from 'zod';
import { createEmergencyActivities } from '../../../src/activities/create-emergency-activities.js';
import { createEngineActivities } from '../../../src/activities/create-engine-activities.js';
import { createIncidentActivities } from '../../../src/activities/create-incident-activities.js';
import { createOperationsActivities } from '../../../src/activities/operations/create-operations-activities.js';
import { type Check, type CheckContext, check } from '../../../src/checks/check.js';
import type { PartCode } from '../../../src/checks/own-parts.js';
import { CHECKS } from '../../../src/checks/registry.js';
import type { AdmittedIncarnation } from '../../../src/contracts/emergency.js';
import type { DatabaseRestored, Symptom } from '../../../src/contracts/incident.js';
import { emergencyQueue, engineQueue, operationsQueue } from '../../../src/contracts/queues.js';
import type { CheckOutcome } from '../../../src/contracts/routine.js';
import type { ResumeRule } from '../../../src/domain/mode.js';
import type { Runtime as DeskRuntime } from '../../../src/home/runtime.js';
import { notify } from '../../../src/notify/notify.js';
import { openTemporal, type TemporalAccess } from '../../../src/temporal/open-temporal.js';
import { isRunning } from '../../../src/temporal/runs.js';
import type { TraderClient } from '../../../src/trader/client.js';
import { owesStop } from '../../../src/worker/follow-incarnation.js';
import { UNCOMPRESSED } from '../../../src/worker/keep-worker.js';
import { followRuns } from '../../../src/worker/reconcile/ended-runs.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { sharedTemporal, type TemporalAddress } from '../../support/temporal.js';
import { ScriptedTrader } from './scripted-trader.js';
import { type ServedQueue, serveQueue } from './serve-queue.js';

export const DECISION_KEY = 'ab'.repeat(32);

export interface Bench {
  readonly address: TemporalAddress;
  readonly temporal: TemporalAccess;
  readonly client: Client;
  readonly connection: NativeConnection;
  readonly database: TestDatabase;
  /** A desk of its own, with workers on its queues. */
  desk(options?: DeskOptions): Promise<BenchDesk>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly serve?: readonly Served[];
  readonly incarnations?: readonly string[];
  /** Traders that were not seen for days. */
  readonly gone?: readonly AdmittedIncarnation[];
  readonly context?: Partial<CheckContext>;
  /** The desk file as it was started. */
  readonly deskText?: string;
  /** Of its account. */
  readonly currency?: string;
  readonly partCode?: PartCode;
  /** When an activity has done its work; where this rejects, the answer is lost. */
  readonly afterActivity?: (name: string, args: readonly unknown[]) => Promise<void> | void;
  /** What lifts a halt for the venue. */
  readonly venueRule?: ResumeRule;
  /** FERMATA_HOME of its logs. */
  readonly logsHome?: string;
  readonly incidentsFail?: boolean;
  /** Its runs say that they begin and end, as to the real workers. */
  readonly followed?: boolean;
  /** More of the operations worker's. */
  readonly activities?: (desk: string, trader: TraderClient) => object;
}

export interface BenchDesk {
  readonly name: string;
  readonly trader: ScriptedTrader;
  readonly alarms: string[];
  /** What each check answers; a check that is not here passes. */
  readonly checks: Map<string, () => Promise<CheckOutcome> | CheckOutcome>;
  /** State by process; without one nobody supervises. */
  readonly processes: Map<string, string>;
  /** Processes that playbooks restarted. */
  readonly restarted: string[];
  /** How a restore of the database goes that a playbook asks for. */
  readonly restores: { carryOut: (key: string, by: string) => Promise<DatabaseRestored> };
  /** What workflows reported as incidents. */
  readonly symptoms: Symptom[];
  evidence(routine: string): Promise<EvidenceShown[]>;
  /** This worker goes away in the middle of whatever it does, and another one takes over. */
  replaceWorker(which: Served): Promise<void>;
  stop(): Promise<void>;
}

type Served = 'emergency' | 'engine' | 'operations';

export interface EvidenceShown {
  readonly step_key: string;
  readonly kind: string;
  readonly verdict: string;
  readonly observed: string;
  readonly person: string | null;
  readonly started: Date;
  readonly finished: Date;
}

const PASS: CheckOutcome = { verdict: 'pass', observed: 'fine', expected: 'fine' };

/**
 * `home`: what Temporal keeps is sealed with the key of that installation. `server`: another than the shared one. `given`:
 * the test has installed the runtime of Temporal's library itself. `serve`: workers of another
 * kind.
 */
export async function openBench(
  home: string | null = null,
  server: TemporalAddress | null = null,
  given: { readonly runtimeInstalled: boolean } = { runtimeInstalled: false },
  serve: typeof serveQueue = serveQueue,
): Promise<Bench> {
  if (!given.runtimeInstalled) quietRuntime();
  const address = server ?? (await sharedTemporal());
  const database = await createTestDatabase();
  const temporal = openTemporal({ home, temporal: address });
  const connection = await NativeConnection.connect({ address: address.address, ...UNCOMPRESSED });
  const desks: BenchDesk[] = [];
  return {
    address,
    temporal,
    client: temporal.client,
    connection,
    database,
    desk: async (options = {}) => {
      const desk = await openDesk(connection, temporal, address, database, { ...options, home }, serve);
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
  temporal: TemporalAccess,
  address: TemporalAddress,
  database: TestDatabase,
  options: DeskOptions & { readonly home: string | null },
  serve: typeof serveQueue,
): Promise<BenchDesk> {
  const name = `t-${randomBytes(4).toString('hex')}`;
  const trader = new ScriptedTrader(randomBytes(3).toString('hex'));
  const alarms: string[] = [];
  const checks: BenchDesk['checks'] = new Map();
  const log = { error: (_fields: object, message: string) => void alarms.push(message) };
  const { pool } = database;
  const known = new Map<string, Check>(
    [...CHECKS.keys()].map((name): [string, Check] => [
      name,
      check(name, z.looseObject({}), async () => (await checks.get(name)?.()) ?? PASS),
    ]),
  );
  const emergency = createEmergencyActivities({
    pool,
    log,
    home: null,
    knownIncarnations: async () => options.incarnations ?? [trader.incarnation],
    goneTraders: async () => options.gone ?? [],
  });
  const processes: BenchDesk['processes'] = new Map();
  const restarted: string[] = [];
  const symptoms: Symptom[] = [];
  const restores: BenchDesk['restores'] = {
    carryOut: async () => ({ restored: false, says: 'nobody restores here' }),
  };
  const incidents = createIncidentActivities({
    pool,
    desk: name,
    instruments: [{ symbol: 'BTC/USDT', lotSize: '0.1' }],
    currency: options.currency ?? 'USDT',
    home: options.logsHome ?? '/proc/nowhere',
    tell: (notice) => notify(pool, notice),
    processState: async (process) => processes.get(process) ?? null,
    restartProcess: async (process) => {
      restarted.push(process);
      return `${process} was started again`;
    },
    restoreDatabase: (key, by) => restores.carryOut(key, by),
    reportIncident: async (symptom) => {
      if (options.incidentsFail) throw new Error('Temporal does not answer');
      symptoms.push(symptom);
    },
    runPlaybook: async () => {
      throw new Error('this desk has no playbooks in code');
    },
  });
  const operations = createOperationsActivities({
    pool,
    log,
    checks: known,
    context: {
      runtime: { home: options.logsHome ?? '/proc/nowhere' } as DeskRuntime,
      trader: trader.client,
      pool,
      ...options.context,
      // A desk without routines, unless a test says more of it.
      desk: { routines: [], ...options.context?.desk } as never,
    },
    deskText: options.deskText ?? '',
    databaseOwner: () => ({ ...database }),
    decisionKey: () => DECISION_KEY,
    nowMs: Date.now,
    partCode: options.partCode ?? (() => []),
    isRunning: (workflowId, runId) => isRunning(temporal, workflowId, runId),
  });
  const days = {
    startOfDay: (ms: number) => Math.floor(ms / 86_400_000) * 86_400_000,
    endOfDay: (ms: number) => Math.floor(ms / 86_400_000) * 86_400_000 + 86_400_000,
  };
  const settings = {
    emergency: {
      taskQueue: emergencyQueue(name),
      activities: emergency,
      bundle: 'emergency' as const,
    },
    operations: {
      taskQueue: operationsQueue(name),
      activities: { ...operations, ...incidents, ...options.activities?.(name, trader.client) },
      bundle: 'operations' as const,
    },
    engine: {
      taskQueue: engineQueue(name, trader.incarnation),
      activities: createEngineActivities(trader.client, days, options.venueRule ?? 'auto', () =>
        owesStop(temporal, name, trader.incarnation),
      ),
      bundle: null,
    },
  };
  const serving = new Map<Served, ServedQueue>();
  const start = async (which: Served) => {
    const { activities, ...queue } = settings[which];
    const given = {
      ...queue,
      activities: watched(activities, options.afterActivity),
      ...(options.followed ? { sinks: followRuns(pool, name) } : {}),
    };
    serving.set(which, await serve(connection, address.namespace, options.home, given));
  };
  await Promise.all((options.serve ?? (['emergency', 'engine', 'operations'] as const)).map(start));
  return {
    name,
    trader,
    alarms,
    checks,
    processes,
    restarted,
    restores,
    symptoms,
    evidence: async (routine) => {
      const found = await pool.query<EvidenceShown>(
        'select step_key, kind, verdict, observed, person, started, finished from evidence where desk = $1 and routine = $2 order by id',
        [name, routine],
      );
      return found.rows;
    },
    replaceWorker: async (which) => {
      await serving.get(which)?.end();
      await start(which);
    },
    stop: async () => {
      await Promise.all([...serving.values()].map(({ end }) => end()));
    },
  };
}

function watched(activities: object, afterActivity: DeskOptions['afterActivity']): object {
  if (afterActivity === undefined) return activities;
  return Object.fromEntries(
    Object.entries(activities).map(([name, carryOut]: [string, Carried]) => [
      name,
      async (...args: unknown[]) => {
        const result = await carryOut(...args);
        await afterActivity(name, args);
        return result;
      },
    ]),
  );
}

type Carried = (...args: unknown[]) => Promise<unknown>;
