import type { Task } from '../store/tasks.js';
import type { Notice } from './notice.js';

export function taskNotice(task: Task): Notice {
  return {
    desk: task.desk,
    event: 'task',
    severity: 'info',
    title: `To do: ${task.title}`,
    text: `${task.detail}\nDue ${new Date(task.dueMs).toISOString()}. When it is done: fermata task done ${task.id} --note TEXT`,
    ...(task.origin === undefined ? {} : { workflowId: task.origin.workflowId }),
    fingerprint: `task:${task.desk}:${task.id}`,
  };
}
