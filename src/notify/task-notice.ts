import type { Notice } from '../contracts/notice.js';
import type { Task } from '../contracts/task.js';
import { moment } from '../domain/moment.js';

export function taskNotice(task: Task): Notice {
  return {
    desk: task.desk,
    event: 'task',
    severity: 'info',
    title: `To do: ${task.title}`,
    text: `${task.detail}\nDue ${moment(task.dueMs)}. When it is done: fermata task done ${task.id} --note TEXT`,
    ...(task.origin === undefined ? {} : { workflowId: task.origin.workflowId }),
    fingerprint: `task:${task.desk}:${task.id}`,
  };
}
