/**
 * Temporal's own buttons, and a Temporal that forgets, pressed at each boundary of a procedure: the run ends or goes on as
 * its type says, its task never fails, nothing stays open that nobody carries out, and people can do it again.
 */

import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { readOpenThings } from '../../../src/store/runs-seen.js';
import { tellEndedRuns } from '../../../src/worker/reconcile/ended-runs.js';
import { type ReconcileContext, reconcileRuns } from '../../../src/worker/reconcile/reconcile-runs.js';
import type { Bench, BenchDesk, DeskOptions } from '../../workflows/support/desk-bench.js';
import { type Held, holdActivity } from '../../workflows/support/held.js';
import { until } from '../eventually.js';
import { failedTasks } from '../failed-tasks.js';
import { expectAsUndisturbed, expectDoneAgain, type Outcome, outcomeOf } from './outcome.js';
import { type HistoryEvent, isOfActivity, watchRun } from './watch-run.js';

export const BUTTONS = ['cancel', 'terminate', 'reset', 'lose'] as const;
export type Button = (typeof BUTTONS)[number];

export interface Pressable {
  readonly name: string;
  /** The desk as it has to be; gives what `answer` and `begin` work with. */
  readonly desk: (bench: Bench, options?: Pick<DeskOptions, 'afterActivity'>) => Promise<BenchDesk>;
  readonly begin: (bench: Bench, desk: BenchDesk) => Promise<string>;
  /** What people do so that it ends; asked again until it has. */
  readonly answer: (bench: Bench, desk: BenchDesk, workflowId: string) => Promise<void>;
  /** Of its evidence; null: it leaves none. */
  readonly routine: string | null;
  /** An activity that a handler of it waits for. */
  readonly handler?: string;
  /** Procedures that it begins, each a run of its own. */
  readonly begins?: number;
  /** Its type, where not every build that is kept has it. */
  readonly newType?: string;
  /** Ends by nothing but "terminate". */
  readonly endless?: boolean;
}

const RUN_MS = 100_000;
const LATER_MS = 120_000;
/** What a cell is compared with. */
export interface Undisturbed {
  readonly boundaries: number;
  readonly before: Outcome;
  readonly once: Outcome;
  /** Done a second time on the same desk. */
  readonly twice: Outcome;
}

const never = async (): Promise<void> => undefined;

export async function undisturbed(bench: Bench, procedure: Pressable): Promise<Undisturbed> {
  const desk = await procedure.desk(bench);
  const before = await outcomeOf(bench, desk);
  const boundaries = await runOnce(bench, desk, procedure, Number.POSITIVE_INFINITY, never);
  const once = await outcomeOf(bench, desk);
  await runOnce(bench, desk, procedure, Number.POSITIVE_INFINITY, never);
  const twice = await outcomeOf(bench, desk);
  await desk.stop();
  return { boundaries, before, once, twice };
}

/** What always runs is begun again, and says nothing. */
const tells = ({ endless }: Pressable): boolean => endless !== true;

/** `where`: a boundary, or in the middle of its handler. */
export async function pressAt(
  bench: Bench,
  procedure: Pressable,
  button: Button,
  where: number | 'handler',
  expected: Undisturbed,
): Promise<void> {
  const held = where === 'handler' && procedure.handler ? holdActivity(procedure.handler) : null;
  const desk = await procedure.desk(bench, held ? { afterActivity: held.after } : {});
  let ended = '';
  const strike = (workflowId: string): Promise<void> => {
    ended = workflowId;
    return press(bench, desk, button, workflowId);
  };
  await runOnce(bench, desk, procedure, held ?? Number(where), strike);
  if (procedure.endless && button !== 'lose') expect(await stateOf(bench, ended)).toBe('TERMINATED');
  await expectNothingOpen(bench, desk, procedure, { button, ended });
  // A stop that was lost is asked for again.
  if (button === 'lose')
    await until('what was begun again', async () => procedure.endless || !(await isRunning(bench, ended)));
  const once = await outcomeOf(bench, desk);
  expectAsUndisturbed(button, once, expected, tells(procedure));
  // What it held is free again, and people can do it as ever.
  await runOnce(bench, desk, procedure, Number.POSITIVE_INFINITY, never);
  expectDoneAgain(await outcomeOf(bench, desk), expected.twice);
  await desk.stop();
}

async function runOnce(
  bench: Bench,
  desk: BenchDesk,
  procedure: Pressable,
  at: number | Held,
  strike: (workflowId: string) => Promise<void>,
): Promise<number> {
  const sinceMs = Date.now();
  const workflowId = await procedure.begin(bench, desk);
  let struck: Promise<void> | null = null;
  const reach = (count: number): void => {
    if (struck !== null || typeof at !== 'number' || count < at) return;
    struck = strike(workflowId);
    struck.catch(() => undefined);
  };
  const signal = AbortSignal.timeout(RUN_MS);
  // At the end no boundary is left to strike at: the last one is before it.
  const hear = (count: number): void => {
    if (Number.isFinite(count)) reach(count);
  };
  const watch = watchRun(bench.temporal, workflowId, sinceMs, signal, hear, (event) =>
    isBoundary(event) ? `${event.eventId}` : null,
  );
  watch.ended.catch(() => undefined);
  reach(0);
  const inHandler =
    typeof at === 'number' ? null : at.reached.then(() => strike(workflowId)).finally(() => at.release());
  await until(
    `${procedure.name} to end`,
    async () => {
      await procedure.answer(bench, desk, workflowId).catch(() => undefined);
      return !(await isRunning(bench, workflowId));
    },
    RUN_MS,
  );
  await (inHandler ?? struck);
  await until('the last of its runs', async () => !(await isRunning(bench, workflowId)), RUN_MS);
  // A task that fails is tried again for ever: it never did.
  expect(await failedTasks(bench.client, workflowId), workflowId).toEqual([]);
  return watch.boundaries();
}

const isBoundary = (event: HistoryEvent): boolean =>
  isOfActivity(event) ||
  Boolean(
    event.workflowExecutionSignaledEventAttributes ??
      event.workflowExecutionUpdateAcceptedEventAttributes ??
      event.workflowExecutionUpdateCompletedEventAttributes ??
      event.startChildWorkflowExecutionInitiatedEventAttributes ??
      event.childWorkflowExecutionStartedEventAttributes,
  );

const isRunning = async (bench: Bench, workflowId: string): Promise<boolean> =>
  (await stateOf(bench, workflowId)) === 'RUNNING';

async function stateOf({ client }: Bench, workflowId: string): Promise<string | null> {
  const described = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => null);
  return described?.status.name ?? null;
}

/** One that has ended by then has nothing to press. */
async function press(bench: Bench, desk: BenchDesk, button: Button, workflowId: string): Promise<void> {
  const handle = bench.client.workflow.getHandle(workflowId);
  if (button === 'cancel') await handle.cancel().catch(() => undefined);
  else if (button === 'terminate') await handle.terminate('a button').catch(() => undefined);
  else if (button === 'lose') await loseSeen(bench, desk, workflowId);
  else await reset(bench, workflowId);
}

/** After the look of each minute. */
async function loseSeen(bench: Bench, desk: BenchDesk, workflowId: string): Promise<void> {
  await until('the list, which is a moment behind', async () => {
    const query = `WorkflowId = "${workflowId}" AND ExecutionStatus = "Running"`;
    return (await bench.client.workflow.count(query)).count > 0 || !(await isRunning(bench, workflowId));
  });
  await tellEndedRuns(contextOf(bench, desk, Date.now), new Set());
  await lose(bench, workflowId);
}

/** As a Temporal that started afresh: it does not know the run. */
export async function lose({ client, temporal }: Bench, workflowId: string): Promise<void> {
  await client.workflowService.deleteWorkflowExecution({
    namespace: temporal.namespace,
    workflowExecution: { workflowId },
  });
  await until('the run to be forgotten', () =>
    client.workflow
      .getHandle(workflowId)
      .describe()
      .then(
        () => false,
        () => true,
      ),
  );
}

/** To right after its first task. */
export async function reset({ client, temporal }: Bench, workflowId: string): Promise<void> {
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  const completed = await until('a first task', async () => {
    const { events } = await handle.fetchHistory();
    return events?.find((event) => event.workflowTaskCompletedEventAttributes);
  });
  await client.workflowService.resetWorkflowExecution({
    namespace: temporal.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a button',
    requestId: randomUUID(),
    workflowTaskFinishEventId: completed.eventId ?? null,
  });
}

async function expectNothingOpen(
  bench: Bench,
  desk: BenchDesk,
  procedure: Pressable,
  { button, ended }: { readonly button: Button; readonly ended: string },
): Promise<void> {
  const { pool } = bench.database;
  const nowMs = () => Date.now() + LATER_MS;
  const open = () => readOpenThings(pool, desk.name, nowMs());
  const before = await open();
  const context = contextOf(bench, desk, nowMs);
  const abandoned = await reconcileRuns(context);
  // The list of runs is a moment behind the runs.
  if (button === 'terminate' && procedure.endless !== true)
    await until('the list', async () => {
      const count = async (query: string) => (await bench.client.workflow.count(query)).count;
      const isClosed = (await count(`WorkflowId = "${ended}" AND ExecutionStatus != "Running"`)) > 0;
      return isClosed && (await count(`FermataDesk = "${desk.name}" AND ExecutionStatus = "Running"`)) === 0;
    });
  await tellEndedRuns(context, new Set());
  const said = `${procedure.name}, ${button}: ${JSON.stringify(before)}`;
  // A person may still do what a run that ended properly has asked for.
  expect(
    (await open()).filter(({ kind }) => kind !== 'task'),
    said,
  ).toEqual([]);
  if (button === 'cancel' || button === 'reset') expect(abandoned, said).toEqual([]);
  const told = await pool.query("select 1 from notice where desk = $1 and fingerprint like 'abandoned:%'", [
    desk.name,
  ]);
  expect(told.rowCount, said).toBe(abandoned.length);
}

const contextOf = (bench: Bench, desk: BenchDesk, nowMs: () => number): ReconcileContext => ({
  desk: { desk: desk.name, closeAll: { deadlineSeconds: 30 } } as never,
  pool: bench.database.pool,
  temporal: bench.temporal,
  trader: desk.trader.client,
  home: null,
  nowMs,
});
