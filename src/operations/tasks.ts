/** Completing a task. If a routine asked for it, the completion is evidence of that routine's run. */
import { TASK_MESSAGES, type Task, type TaskState } from '../contracts/operations-activities.js';
import { taskDoneCommand } from '../domain/command-text.js';
import { recordEvidenceIn } from '../store/evidence-rows.js';
import { inTransaction, type PoolClient } from '../store/pool.js';
import { closeTask, readTask, readTasks } from '../store/task-rows.js';
import type { Caller, OperationContext } from './operation.js';
import { recordAudit } from './record-audit.js';

export interface TaskDone {
  readonly id: number;
  /** What was done and found, in words. */
  readonly note: string;
  /** Numbers of the ticked items as shown, starting with 1. */
  readonly ticked?: readonly number[];
}

export type TaskDoneResult =
  | { readonly ok: true; readonly task: Task; readonly problems: readonly string[] }
  | { readonly ok: false; readonly reason: 'unknown' | 'closed'; readonly detail: string }
  /** `command`: how it is done on a command line, with every item ticked. */
  | { readonly ok: false; readonly reason: 'unticked'; readonly detail: string; readonly command: string };

/** After the routine's own evidence, which said that the task was waiting. */
const ATTEMPT_GROUP = 1;
const TELL_MS = 2_000;

/** Rejects while Postgres is down; then nothing was changed. */
export async function completeTask(
  context: OperationContext,
  caller: Caller,
  { id, note, ticked = [] }: TaskDone,
): Promise<TaskDoneResult> {
  const { pool, desk } = context;
  const asked = await readTask(pool, desk.desk, id);
  const left = leftOf(asked, ticked);
  if (asked !== null && left.length > 0) {
    const detail = `Task ${id} is done when everything is ticked; left: ${left.join('; ')}. Nothing was changed.`;
    return { ok: false, reason: 'unticked', detail, command: taskDoneCommand(asked) };
  }
  const closing = { desk: desk.desk, id, state: 'done', by: caller.person, note } as const;
  // In one transaction: a finished task without evidence would never get it, since nobody sees it as open any more.
  const closed = await inTransaction(pool, async (client) => {
    const { task, changed } = (await closeTask(client, closing)) ?? {};
    const counts = task !== undefined && (changed === true || isSame(task, caller, note));
    if (counts) await recordDone(client, task);
    return { task, counts };
  });
  const { task } = closed;
  if (task === undefined)
    return { ok: false, reason: 'unknown', detail: `There is no task ${id} on this desk.` };
  if (!closed.counts) {
    const detail = `Task ${id} was ${task.state} before, by ${task.doneBy}. Nothing was changed.`;
    return { ok: false, reason: 'closed', detail };
  }
  await tellWaiting(context, task);
  const audit = await recordAudit(context, caller, {
    action: 'completeTask',
    parameters: { id, title: task.title, note },
    outcome: 'done',
  });
  return { ok: true, task, problems: audit === null ? [] : [audit] };
}

/** The items not ticked yet: what a task asks for never changes. */
const leftOf = (task: Task | null, ticked: readonly number[]): readonly string[] =>
  (task?.state === 'open' ? (task.items ?? []) : [])
    .map((item, at) => `${at + 1} ${item}`)
    .filter((_item, at) => !ticked.includes(at + 1));

/** The same completion, repeated after its answer was lost. */
const isSame = (task: Task, { person }: Caller, note: string): boolean =>
  task.state === 'done' && task.doneBy === person && task.note === note;

/**
 * Signals the workflow that may wait for this task. It also polls by itself, less and less often, so a lost signal only
 * makes it late.
 */
async function tellWaiting({ temporal }: OperationContext, { id, origin }: Task): Promise<void> {
  if (!origin) return;
  const { workflowId } = origin;
  await temporal
    .within(TELL_MS, (client) => client.workflow.getHandle(workflowId).signal(TASK_MESSAGES.done, id))
    .catch(() => undefined);
}

async function recordDone(client: PoolClient, task: Task): Promise<void> {
  if (!task.origin) return;
  const { workflowId, firstRunId, routine, stepKey, simulated } = task.origin;
  await recordEvidenceIn(client, {
    desk: task.desk,
    workflowId,
    firstRunId,
    runId: firstRunId,
    routine,
    stepKey,
    attemptGroup: ATTEMPT_GROUP,
    name: task.title,
    kind: 'human',
    verdict: 'pass',
    observed: [task.note ?? '', ...(task.items ?? []).map((item) => `ticked: ${item}`)].join('; '),
    expected: task.detail,
    startedMs: task.createdMs,
    finishedMs: task.finishedMs ?? task.createdMs,
    marketMs: null,
    person: task.doneBy,
    reference: `task ${task.id}`,
    simulated,
  });
}

export interface TaskQuery {
  readonly state?: TaskState;
  readonly limit?: number;
}

/** Open ones first, most urgent first. Rejects while Postgres is down. */
export function listTasks({ pool, desk }: OperationContext, query: TaskQuery = {}): Promise<readonly Task[]> {
  return readTasks(pool, desk.desk, query);
}
