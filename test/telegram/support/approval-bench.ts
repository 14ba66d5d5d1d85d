/** A worker whose only workflow asks people, with the product's activities and sealed payloads, beside the bot. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, NativeConnection } from '@temporalio/worker';
import { createOperationsActivities } from '../../../src/activities/operations/create-operations-activities.js';
import type { ApprovalOutcome, ApprovalRequest } from '../../../src/contracts/approval.js';
import { operationsQueue } from '../../../src/contracts/queues.js';
import { type Runtime as DeskRuntime, homePaths, SECRET_FILES } from '../../../src/home/runtime.js';
import type { TelegramTiming } from '../../../src/telegram/run-telegram.js';
import { openTemporal, type TemporalAccess } from '../../../src/temporal/open-temporal.js';
import { dataConverterOf, FAILURE_CONVERTER } from '../../../src/temporal/payload-codec.js';
import { UNCOMPRESSED } from '../../../src/worker/keep-worker.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { sharedTemporal } from '../../support/temporal.js';
import { DECISION_KEY } from '../../workflows/support/desk-bench.js';
import { IN_THIS_THREAD, ThreadlessWorker } from '../../workflows/support/serve-queue.js';
import type { AskInput } from './approval-workflow.js';
import { type BotBench, openBotBench } from './bot-bench.js';

export interface ApprovalBench extends BotBench {
  readonly database: ApprovalStores['database'];
  readonly temporal: TemporalAccess;
  /** By which the worker judges decisions. */
  decisionKey: string;
  /** Starts the asking workflow; `result` is how it ended. */
  ask(change?: Partial<ApprovalRequest>): Promise<Asked>;
}

export interface Asked {
  readonly request: ApprovalRequest;
  readonly workflowId: string;
  readonly result: Promise<ApprovalOutcome>;
}

let bundle: ReturnType<typeof bundleWorkflowCode> | null = null;

export interface ApprovalStores {
  readonly database: Pick<TestDatabase, 'pool' | 'drop'>;
  readonly address: { readonly address: string; readonly namespace: string };
}

async function sharedStores(): Promise<ApprovalStores> {
  return { database: await createTestDatabase(), address: await sharedTemporal() };
}

/** On the stores that the test run shares, unless others are given. */
export async function openApprovalBench(
  stores?: ApprovalStores,
  timing?: TelegramTiming,
): Promise<ApprovalBench> {
  quietRuntime();
  const { database, address } = stores ?? (await sharedStores());
  const home = mkdtempSync(join(tmpdir(), 'approvals-'));
  mkdirSync(homePaths(home).secrets, { recursive: true });
  writeFileSync(join(homePaths(home).secrets, SECRET_FILES.payloadKey), randomBytes(32).toString('hex'));
  const temporal = openTemporal({
    temporal: { kind: 'managed', ...address, uiAddress: 'http://127.0.0.1:1' },
    home,
  });
  const deskName = `t-${randomBytes(4).toString('hex')}`;
  const bench = await openBotBench({
    pool: database.pool,
    temporal,
    deskName,
    ...(timing ? { timing } : {}),
  });
  const connection = await NativeConnection.connect({ address: address.address, ...UNCOMPRESSED });
  const workflowsPath = fileURLToPath(new URL('./approval-workflow.ts', import.meta.url));
  bundle ??= bundleWorkflowCode({
    workflowsPath,
    failureConverterPath: FAILURE_CONVERTER,
    logger: new DefaultLogger('ERROR'),
  });
  const worker = await ThreadlessWorker.create({
    connection,
    namespace: address.namespace,
    taskQueue: operationsQueue(deskName),
    workflowBundle: await bundle,
    dataConverter: dataConverterOf(home),
    activities: createOperationsActivities({
      pool: database.pool,
      log: { error: () => undefined },
      checks: new Map(),
      context: {
        runtime: { home: bench.home } as DeskRuntime,
        desk: bench.desk,
        trader: bench.trader.client,
        pool: database.pool,
      },
      deskText: '',
      decisionKey: () => approvals.decisionKey,
      nowMs: Date.now,
    }),
    ...IN_THIS_THREAD,
    stickyQueueScheduleToStartTimeout: '1s',
    shutdownGraceTime: '100ms',
    shutdownForceTime: '2s',
  });
  const ended = worker.run();
  const approvals: ApprovalBench = {
    ...bench,
    database,
    temporal,
    decisionKey: DECISION_KEY,
    ask: (change) => ask(temporal, deskName, change),
    close: async () => {
      worker.shutdown();
      await ended.catch(() => undefined);
      await bench.close();
      await connection.close();
      await temporal.close();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return approvals;
}

async function ask(
  temporal: TemporalAccess,
  desk: string,
  change: Partial<ApprovalRequest> = {},
): Promise<Asked> {
  const id = `test:${randomBytes(4).toString('hex')}`;
  const request: ApprovalRequest = {
    id,
    desk,
    kind: 'test',
    subject: 'release 2.1',
    title: 'Start with real money',
    parameters: { sizePct: 3, positions: 3, venue: 'binance' },
    needed: 1,
    roles: ['approver'],
    requestedBy: 'anna',
    expiresMs: Date.now() + 600_000,
    remindEveryMs: null,
    escalateAfterMs: null,
    ...change,
  };
  const handle = await temporal.client.workflow.start<(input: AskInput) => Promise<ApprovalOutcome>>(
    'askPeople',
    {
      workflowId: request.id,
      taskQueue: operationsQueue(desk),
      args: [{ request, carried: [] }],
    },
  );
  const result = handle.result();
  result.catch(() => undefined);
  return { request, workflowId: request.id, result };
}
