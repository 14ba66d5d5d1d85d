import type { Command } from 'commander';
import type { Task } from '../../contracts/task.js';
import { moment } from '../../domain/moment.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

export function tasksCommand(command: Command): void {
  command
    .option('--all', 'also those that are done')
    .option('--json', 'for scripts')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const tasks = await withOperations((operations) =>
        operations.listTasks(all === true ? {} : { state: 'open' }),
      );
      if (json === true) printJson(tasks);
      else printLines(tasks.length === 0 ? ['nothing waits for a person'] : tasks.flatMap(taskLines));
    });
}

function taskLines({ id, title, detail, items = [], dueMs, state, doneBy, note }: Task): string[] {
  const overdue = state === 'open' && dueMs < Date.now() ? ', OVERDUE' : '';
  const how = state === 'open' ? `due ${moment(dueMs)}${overdue}` : `${state} by ${doneBy}: ${note}`;
  return [
    `${String(id).padStart(4)}  ${title} (${how})`,
    `      ${detail}`,
    ...items.map((item, at) => `      ${at + 1}. ${item}`),
  ];
}
