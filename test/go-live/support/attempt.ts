/** One attempt to go live, the whole procedure with its activities, and the people who decide about it. */

import { randomBytes, randomUUID } from 'node:crypto';
import { createGoLiveActivities } from '../../../src/activities/create-go-live-activities.js';
import type { GoLiveInput, GoLiveResult } from '../../../src/contracts/go-live.js';
import type { PreflightReport, PreflightVerdict } from '../../../src/contracts/published.js';
import { operationsQueue } from '../../../src/contracts/queues.js';
import { runLabel } from '../../../src/contracts/run-label.js';
import type { Desk } from '../../../src/desk/schema.js';
import { goLiveId } from '../../../src/domain/go-live-terms.js';
import type { Runtime } from '../../../src/home/runtime.js';
import type { VoteResult } from '../../../src/operations/approvals.js';
import { goLiveInput } from '../../../src/operations/go-live/start-go-live.js';
import type { Caller } from '../../../src/operations/operation.js';
import { type Operations, operationsOver } from '../../../src/operations/operations.js';
import { openAttempt } from '../../../src/store/go-live-attempts.js';
import { cryptoDesk } from '../../operations/support/crypto-desk.js';
import { until } from '../../support/eventually.js';
import {
  type Bench,
  type BenchDesk,
  DECISION_KEY,
  type DeskOptions,
} from '../../workflows/support/desk-bench.js';

export const ANNA: Caller = { person: 'anna', via: 'web' };
export const BERT: Caller = { person: 'bert', via: 'web' };
export const CARL: Caller = { person: 'carl', via: 'web' };
/** Of the checks that its pre-flight reports, in their order. */
export const CHECK_KEYS = [
  'api-key',
  'balance',
  'symbols',
  'rate-limit',
  'stop-loss',
  'daily-loss',
  'password',
  'validation',
  'telegram',
  'key-permissions',
  'auditor-key',
];
export const WAIT_MS = 120_000;

function report(changes: Partial<Record<string, PreflightVerdict>>): PreflightReport {
  const results = CHECK_KEYS.map((key) => ({
    key,
    title: key,
    verdict: changes[key] ?? ('pass' as const),
    observed: `${key} as seen`,
    expected: 'fine',
  }));
  return { desk: '', configHash: '', endpoint: 'test', verdict: 'pass', results, atMs: 0 };
}

function deskOf(name: string): Desk {
  const desk = cryptoDesk();
  const approver = ['approver' as const];
  return {
    ...desk,
    desk: name,
    mode: 'live',
    people: [
      { name: 'anna', roles: [...approver, 'operator'] },
      { name: 'bert', roles: approver },
      { name: 'carl', roles: approver },
    ],
    risk: { ...desk.risk, maxPositionSizePct: 6, maxConcurrentPositions: 5 },
    goLive: {
      ...desk.goLive,
      approvers: ['anna', 'bert'],
      start: { maxPositionSizePct: 3, maxConcurrentPositions: 3 },
      ramp: [{ afterHours: 1, maxPositionSizePct: 6, maxConcurrentPositions: 5 }],
    },
  };
}

export interface Attempted {
  readonly desk: BenchDesk;
  readonly operations: Operations;
  readonly input: GoLiveInput;
  readonly ended: Promise<GoLiveResult>;
  readonly verdicts: Partial<Record<string, PreflightVerdict>>;
}

/** Starts the workflow of a first attempt, on a desk with real money whose trader follows a script. */
export async function startAttempt(
  bench: Bench,
  changes: Partial<GoLiveInput> = {},
  verdicts: Attempted['verdicts'] = {},
  /** Of the operations worker, instead of the real ones. */
  activities: object = {},
): Promise<Attempted> {
  const desk = await liveBenchDesk(bench, { verdicts, activities });
  return { ...(await beginAttempt(bench, desk, changes)), verdicts };
}

/** A desk with real money that nobody has allowed yet. */
export async function liveBenchDesk(
  bench: Bench,
  {
    verdicts = {},
    activities = {},
    ...options
  }: Pick<DeskOptions, 'afterActivity'> & {
    readonly verdicts?: Attempted['verdicts'];
    readonly activities?: object;
  } = {},
): Promise<BenchDesk> {
  const desk = await bench.desk({
    ...options,
    serve: ['engine', 'operations'],
    activities: (name, trader) => {
      const real = createGoLiveActivities({
        pool: bench.database.pool,
        trader,
        desk: deskOf(name),
        configHash: 'c'.repeat(64),
        home: '/proc/nowhere',
        reportFolder: '/proc/nowhere',
        preflight: async () => report(verdicts),
      });
      // The trader follows a script, and trades nothing: larger sizes take a closed trade.
      const readLiveFills = async (sinceMs: number) => ({
        ...(await real.readLiveFills(sinceMs)),
        trades: 1,
      });
      return { ...real, readLiveFills, ...activities };
    },
  });
  desk.trader.trading = 'live';
  desk.trader.halt('startup', 'person');
  return desk;
}

/** Of another release each time: its first attempt. */
export async function beginAttempt(
  bench: Bench,
  desk: BenchDesk,
  changes: Partial<GoLiveInput> = {},
  workflowIdOf: typeof goLiveId = goLiveId,
): Promise<Omit<Attempted, 'verdicts'>> {
  const release = `test-${randomBytes(4).toString('hex')}`;
  const workflowId = workflowIdOf(desk.name, release, 1);
  const { incarnation } = desk.trader;
  const input: GoLiveInput = {
    ...goLiveInput(deskOf(desk.name), {
      release,
      attempt: 1,
      incarnation,
      person: 'anna',
      reason: 'it is time',
    }),
    watchMs: 400,
    lookMs: 100,
    remindMs: 150,
    ramp: [{ afterMs: 200, maxPositionSizePct: 6, maxConcurrentPositions: 5 }],
    reviewMs: WAIT_MS,
    approvalMs: WAIT_MS,
    ...changes,
  };
  const { pool } = bench.database;
  await openAttempt(pool, {
    desk: desk.name,
    release,
    askedBy: 'anna',
    reason: 'r',
    workflowIdOf: () => workflowId,
  });
  const handle = await bench.client.workflow.start('goLive', {
    workflowId,
    taskQueue: operationsQueue(desk.name),
    args: [input],
    ...runLabel({ desk: desk.name, routine: 'go-live', summary: 'Going live', details: '' }),
  });
  const ended = handle.result() as Promise<GoLiveResult>;
  // One that is terminated or reset is not waited for here.
  ended.catch(() => undefined);
  return { desk, operations: peopleOf(bench, desk), input, ended };
}

/** What people of a desk with real money can ask for. */
export const peopleOf = (bench: Bench, desk: BenchDesk): Operations =>
  operationsOver({
    runtime: { desk: desk.name, home: '/proc/nowhere' } as Runtime,
    desk: deskOf(desk.name),
    trader: desk.trader.client,
    temporal: bench.temporal,
    pool: bench.database.pool,
    decisionKey: () => DECISION_KEY,
    newId: randomUUID,
    nowMs: Date.now,
  });

export async function review({ operations }: Attempted): Promise<void> {
  const find = async () => (await operations.listTasks()).find(({ state }) => state === 'open');
  const task = await until('the review', find, WAIT_MS);
  await operations.completeTask(BERT, { id: task.id, note: 'win rate and drawdown are as they should be' });
}

export async function openApproval({ operations }: Attempted) {
  const find = async () => (await operations.listApprovals()).find(({ state }) => state === 'open');
  return until('the approval', find, WAIT_MS);
}

export async function vote(
  attempted: Attempted,
  caller: Caller,
  choice: 'approve' | 'reject' = 'approve',
): Promise<VoteResult> {
  const { id, parametersHash } = await openApproval(attempted);
  return attempted.operations.castVote(caller, { approval: id, choice, parametersHash, reason: 'r' });
}
