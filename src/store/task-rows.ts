/** Tasks that people do by hand, whoever asks: once per source, closed once, by a person with a note. */

import type { NewTask, Task, TaskOrigin, TaskState } from '../contracts/operations-activities.js';
import type { Pool } from './pool.js';

type Queries = Pick<Pool, 'query'>;

/** Returns the stored row: the first task of this source, even if this is a later one. */
export async function openTask(pool: Queries, task: NewTask): Promise<Task> {
  const { origin } = task;
  await pool.query(
    `insert into task (desk, source, title, detail, due, workflow_id, first_run_id, routine, step_key, simulated, items)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (desk, source) do nothing`,
    [
      task.desk,
      task.source,
      task.title,
      task.detail,
      new Date(task.dueMs),
      origin?.workflowId ?? null,
      origin?.firstRunId ?? null,
      origin?.routine ?? null,
      origin?.stepKey ?? null,
      origin?.simulated ?? false,
      task.items ?? [],
    ],
  );
  const found = await pool.query<TaskRow>('select * from task where desk = $1 and source = $2', [
    task.desk,
    task.source,
  ]);
  return taskFrom(found.rows[0] as TaskRow);
}

export async function readTask(pool: Queries, desk: string, id: number): Promise<Task | null> {
  const found = await pool.query<TaskRow>('select * from task where desk = $1 and id = $2', [desk, id]);
  return found.rows[0] ? taskFrom(found.rows[0]) : null;
}

/**
 * The task of this source, or else the first with this title that is due within `withinMs` of `dueMs`, if it
 * is open or was closed after `sinceMs`. Null: there is none.
 */
export async function readTaskLike(
  pool: Queries,
  { desk, source, title, dueMs }: Pick<NewTask, 'desk' | 'source' | 'title' | 'dueMs'>,
  { withinMs, sinceMs }: { readonly withinMs: number; readonly sinceMs: number },
): Promise<Task | null> {
  const found = await pool.query<TaskRow>(
    `select * from task where desk = $1 and (source = $2 or
        title = $3 and due > $4 and due < $5 and (state = 'open' or finished >= $6))
      order by (source = $2) desc, id limit 1`,
    [desk, source, title, new Date(dueMs - withinMs), new Date(dueMs + withinMs), new Date(sinceMs)],
  );
  return found.rows[0] ? taskFrom(found.rows[0]) : null;
}

/** Open ones first, most urgent first; then the newest; 100 without a `limit`. */
export async function readTasks(
  pool: Queries,
  desk: string,
  options: { readonly state?: TaskState; readonly limit?: number } = {},
): Promise<readonly Task[]> {
  const found = await pool.query<TaskRow>(
    `select * from task where desk = $1 and ($2::text is null or state = $2)
      order by (state = 'open') desc, case when state = 'open' then due end, id desc limit $3`,
    [desk, options.state ?? null, options.limit ?? TASKS_SHOWN],
  );
  return found.rows.map(taskFrom);
}

const TASKS_SHOWN = 100;

/** Every task whose source begins with this text, oldest first. */
export async function readTasksFrom(pool: Queries, desk: string, source: string): Promise<readonly Task[]> {
  const found = await pool.query<TaskRow>(
    'select * from task where desk = $1 and starts_with(source, $2) order by id',
    [desk, source],
  );
  return found.rows.map(taskFrom);
}

/** Open tasks whose source begins with this text, and whose time has come, oldest first. */
export async function readDueTasks(pool: Queries, desk: string, source: string): Promise<readonly Task[]> {
  const found = await pool.query<TaskRow>(
    `select * from task where desk = $1 and state = 'open' and due <= $3 and starts_with(source, $2) order by id`,
    [desk, source, new Date()],
  );
  return found.rows.map(taskFrom);
}

/** Open tasks that this run asks of people, the most urgent first. */
export async function readOpenTasksOf(
  pool: Queries,
  { desk, workflowId, firstRunId }: RunOnRecord,
): Promise<readonly Task[]> {
  const found = await pool.query<TaskRow>(
    `select * from task where desk = $1 and workflow_id = $2 and first_run_id = $3 and state = 'open' order by due, id`,
    [desk, workflowId, firstRunId],
  );
  return found.rows.map(taskFrom);
}

interface RunOnRecord {
  readonly desk: string;
  readonly workflowId: string;
  readonly firstRunId: string;
}

/** `changed`: this call closed it. Null if the desk has no such task. A task is closed once. */
export async function closeTask(
  pool: Queries,
  closing: {
    readonly desk: string;
    readonly id: number;
    readonly state: 'done' | 'withdrawn';
    readonly by: string;
    readonly note: string;
  },
): Promise<{ readonly task: Task; readonly changed: boolean } | null> {
  const { desk, id, state, by, note } = closing;
  const closed = await pool.query<TaskRow>(
    `update task set state = $3, finished = now(), done_by = $4, note = $5
      where desk = $1 and id = $2 and state = 'open' returning *`,
    [desk, id, state, by, note],
  );
  if (closed.rows[0]) return { task: taskFrom(closed.rows[0]), changed: true };
  const task = await readTask(pool, desk, id);
  return task && { task, changed: false };
}

/** Appends `text` to each open task that a step of this run requested, unless the task ends in it already. */
export async function addToOpenTasks(
  pool: Queries,
  { desk, workflowId, firstRunId }: RunOnRecord,
  text: string,
): Promise<void> {
  await pool.query(
    `update task set detail = detail || $4 where desk = $1 and workflow_id = $2 and first_run_id = $3
       and state = 'open' and not starts_with(source, 'review:') and right(detail, length($4)) <> $4`,
    [desk, workflowId, firstRunId, text],
  );
}

interface TaskRow {
  readonly id: string;
  readonly desk: string;
  readonly source: string;
  readonly title: string;
  readonly detail: string;
  readonly due: Date;
  readonly created: Date;
  readonly state: TaskState;
  readonly finished: Date | null;
  readonly done_by: string | null;
  readonly note: string | null;
  readonly workflow_id: string | null;
  readonly first_run_id: string | null;
  readonly routine: string | null;
  readonly step_key: string | null;
  readonly simulated: boolean;
  readonly items: readonly string[];
}

function taskFrom(row: TaskRow): Task {
  return {
    id: Number(row.id),
    desk: row.desk,
    source: row.source,
    title: row.title,
    detail: row.detail,
    ...(row.items.length === 0 ? {} : { items: row.items }),
    dueMs: row.due.getTime(),
    createdMs: row.created.getTime(),
    state: row.state,
    finishedMs: row.finished?.getTime() ?? null,
    doneBy: row.done_by,
    note: row.note,
    ...originOf(row),
  };
}

function originOf(row: TaskRow): { readonly origin?: TaskOrigin } {
  const { workflow_id: workflowId, first_run_id: firstRunId, routine, step_key: stepKey, simulated } = row;
  if (workflowId === null || firstRunId === null || routine === null || stepKey === null) return {};
  return { origin: { workflowId, firstRunId, routine, stepKey, simulated } };
}
