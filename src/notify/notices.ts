import type { EmergencyVia } from '../contracts/emergency.js';
import { type Alarm, type Notice, woken } from '../contracts/notice.js';
import type { Task } from '../contracts/operations-activities.js';
import type { RoutineProblem, RunVerdict } from '../contracts/routine.js';
import { taskDoneCommand } from '../domain/command-text.js';
import { moment } from '../domain/moment.js';
import { inTransaction, lockInTransaction, type Pool } from '../store/pool.js';
import { openTask, readTaskLike } from '../store/task-rows.js';
import { notify } from './notify.js';

/** `key`: the same for the same alarm, however often its activity is retried. */
export function alarmNotice({ desk, text, isOver }: Alarm, key: string): Notice {
  const common = { desk, text, fingerprint: `alarm:${key}` };
  if (isOver) return { ...common, event: 'warning', severity: 'info', title: `${desk}: the alarm is over` };
  return woken('alarm', { ...common, title: `Alarm on ${desk}` });
}

const FINGERPRINT = 'results:';

/** What each step of a run found: the summary of a day or a week. */
export function resultsNotice(
  run: { readonly desk: string; readonly workflowId: string; readonly runId: string },
  verdict: RunVerdict,
  said: { readonly title: string; readonly results: readonly RoutineProblem[] },
): Notice {
  return {
    desk: run.desk,
    event: 'report',
    severity: 'info',
    title: `${run.desk}: ${said.title}: ${verdict}`,
    text: said.results
      .map(({ name, verdict, observed }) => `${name}: ${marked(verdict)}${observed}`)
      .join('\n'),
    workflowId: run.workflowId,
    fingerprint: `${resultsOf(run.workflowId)}${run.runId}`,
  };
}

/** Prefix of the fingerprint of each results notice of a run: a run that was reset has several. */
export const resultsOf = (workflowId: string): string => `${FINGERPRINT}${workflowId}:`;

const marked = (verdict: string): string => (verdict === 'pass' ? '' : `${verdict.toUpperCase()}: `);

/** Null for a routine that went well: no news is good news, and the page shows the run. */
export function routineNotice(
  run: { readonly desk: string; readonly workflowId: string; readonly runId: string },
  verdict: RunVerdict,
  said: { readonly title: string; readonly problems: readonly RoutineProblem[] },
): Notice | null {
  if (verdict !== 'fail' && verdict !== 'warn' && verdict !== 'missed') return null;
  return woken('routine-failed', {
    desk: run.desk,
    severity: verdict === 'fail' ? 'critical' : 'warning',
    title: `${said.title}: ${verdict}`,
    text: said.problems.map((step) => `${step.verdict}: ${step.name}: ${step.observed}`).join('\n'),
    workflowId: run.workflowId,
    // A run after a reset gets its own notice; its first run id is that of the previous run.
    fingerprint: `routine:${run.workflowId}:${run.runId}`,
  });
}

export function taskNotice(task: Task): Notice {
  const { items = [] } = task;
  const asked = items.map((item, at) => `\n${at + 1}. ${item}`).join('');
  return {
    desk: task.desk,
    event: 'task',
    severity: 'info',
    title: `To do: ${task.title}`,
    text: `${task.detail}${asked}\nDue ${moment(task.dueMs)}. When it is done: on the page under Waiting, or ${taskDoneCommand(task)}`,
    ...(task.origin === undefined ? {} : { workflowId: task.origin.workflowId }),
    fingerprint: `task:${task.desk}:${task.id}`,
  };
}

export interface Unexplained {
  readonly desk: string;
  readonly person: string;
  readonly via: EmergencyVia;
  /** For example `closed all positions`. */
  readonly did: string;
  readonly commandId: string;
  readonly atMs: number;
}

const DUE_MS = 24 * 3_600_000;

/** A person who presses a button five times is asked only once. */
const SAME_ACT_MS = 3_600_000;

/**
 * No stop, close-all or resumption waits for a reason: if none was given, a task asks for it afterwards. The
 * same command is the same task, whoever asks. So is what the same person repeats within an hour, unless
 * somebody had given the reason by then.
 */
export async function askWhy(
  pool: Pool,
  home: string | null,
  { desk, person, via, did, commandId, atMs }: Unexplained,
): Promise<Task> {
  const asking = {
    desk,
    source: `reason:${commandId}`,
    title: `Say why ${person} ${did}`,
    detail: `${person} ${did} (${via}, ${moment(atMs)}) and gave no reason. The note of this task is kept as the reason.`,
    dueMs: atMs + DUE_MS,
  };
  const task = await inTransaction(pool, async (client) => {
    // Otherwise, two presses at the same moment would both find no task.
    await lockInTransaction(client, `reason:${desk}:${asking.title}`);
    const asked = await readTaskLike(client, asking, { withinMs: SAME_ACT_MS, sinceMs: atMs });
    return asked ?? openTask(client, asking);
  });
  if (task.state === 'open') await notify(pool, taskNotice(task), home);
  return task;
}
