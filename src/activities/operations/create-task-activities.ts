/** Asking people to do something by hand. */
import { ApplicationFailure } from '@temporalio/common';
import type { Notice } from '../../contracts/notice.js';
import type { TaskActivities } from '../../contracts/task.js';
import { taskNotice } from '../../notify/task-notice.js';
import type { Pool } from '../../store/pool.js';
import { openTask, readTask } from '../../store/tasks.js';

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
