/** No stop, close-all or resumption waits for a reason: if none was given, a task asks for it afterwards. */
import type { EmergencyVia } from '../contracts/emergency.js';
import type { Task } from '../contracts/task.js';
import { moment } from '../domain/moment.js';
import type { Pool } from '../store/pool.js';
import { openTask } from '../store/tasks.js';
import { notify } from './notify.js';
import { taskNotice } from './task-notice.js';

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

/** The same command is the same task, whoever asks. */
export async function askWhy(
  pool: Pool,
  home: string | null,
  { desk, person, via, did, commandId, atMs }: Unexplained,
): Promise<Task> {
  const task = await openTask(pool, {
    desk,
    source: `reason:${commandId}`,
    title: `Say why ${person} ${did}`,
    detail: `${person} ${did} (${via}, ${moment(atMs)}) and gave no reason. The note of this task is kept as the reason.`,
    dueMs: atMs + DUE_MS,
  });
  if (task.state === 'open') await notify(pool, taskNotice(task), home);
  return task;
}
