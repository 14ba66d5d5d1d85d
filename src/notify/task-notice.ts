import type { Notice } from '../contracts/notice.js';
import type { Task } from '../contracts/task.js';
import { moment } from '../domain/moment.js';

export function taskNotice(task: Task): Notice {
  const { items = [] } = task;
  const asked = items.map((item, at) => `\n${at + 1}. ${item}`).join('');
  const ticked = items.length === 0 ? '' : ` --tick ${items.map((_item, at) => at + 1).join(',')}`;
  return {
    desk: task.desk,
    event: 'task',
    severity: 'info',
    title: `To do: ${task.title}`,
    text: `${task.detail}${asked}\nDue ${moment(task.dueMs)}. When it is done: on the page under Waiting, or fermata task done ${task.id}${ticked} --note TEXT`,
    ...(task.origin === undefined ? {} : { workflowId: task.origin.workflowId }),
    fingerprint: `task:${task.desk}:${task.id}`,
  };
}
