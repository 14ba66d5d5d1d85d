import { NO_PARAMETERS } from '../desk/step-parts.js';
import { moment } from '../domain/moment.js';
import { readTasks } from '../store/task-rows.js';
import { check } from './check.js';

/** Tasks that people did not do in time. */
export const tasksOverdue = check('No task is overdue', NO_PARAMETERS, async ({ desk, pool }) => {
  const open = await readTasks(pool, desk.desk, { state: 'open' });
  const late = open.filter(({ dueMs }) => dueMs < Date.now());
  const names = late.map(({ id, title, dueMs }) => `${id} ${title} (due ${moment(dueMs)})`);
  return {
    verdict: late.length === 0 ? 'pass' : 'warn',
    observed: late.length === 0 ? `${open.length} open, none overdue` : `overdue: ${names.join(', ')}`,
    expected: 'no task is overdue',
  };
});
