/** Asking people to do something by hand. */
import { ApplicationFailure } from '@temporalio/common';
import type { Notice } from '../../notify/notice.js';
import { taskNotice } from '../../notify/task-notice.js';
import type { Pool } from '../../store/pool.js';
import { type NewTask, openTask, readTask, type Task } from '../../store/tasks.js';

export interface TaskActivities {
  /** The same source again is the same task. */
  openTask(task: NewTask): Promise<Task>;
  readTask(desk: string, id: number): Promise<Task>;
}

export function createTaskActivities(pool: Pool, tell: (notice: Notice) => Promise<void>): TaskActivities {
  return {
    openTask: async (asked) => {
      const task = await openTask(pool, asked);
      if (task.state === 'open') await tell(taskNotice(task));
      return task;
    },
    readTask: async (desk, id) => {
      const task = await readTask(pool, desk, id);
      if (task === null) throw ApplicationFailure.nonRetryable(`there is no task ${id} on ${desk}`);
      return task;
    },
  };
}
