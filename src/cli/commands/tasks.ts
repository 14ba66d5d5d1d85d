import { type Command, InvalidArgumentError } from 'commander';
import type { Task } from '../../contracts/operations-activities.js';
import { moment } from '../../domain/moment.js';
import { MAY_DO_TASKS } from '../../domain/roles.js';
import { signedInPerson } from '../desk-person.js';
import { CliFailure, usageFailure } from '../failure.js';
import { LISTED_MAX, textOf } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

export function tasksCommand(command: Command): void {
  command
    .option('--all', 'also those that are done')
    .option('--json', 'for scripts')
    .action(async ({ all, json }: { all?: boolean; json?: boolean }) => {
      const tasks = await withOperations((operations) =>
        operations.listTasks({ limit: LISTED_MAX, ...(all === true ? {} : { state: 'open' }) }),
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

const NOTE_CHARACTERS_MAX = 2_000;

interface Options {
  readonly note: string;
  readonly tick: readonly number[];
  readonly as?: string;
  readonly json?: boolean;
}

export function taskCommand(command: Command): void {
  command
    .command('done')
    .description('say that a task is done; stored as evidence of the routine that asked for it')
    .argument('<id>', 'number of the task')
    .requiredOption('--note <text>', 'what was done and found', textOf(NOTE_CHARACTERS_MAX))
    .option('--tick <numbers>', 'ticked items: 1,2,3', numbers, [])
    .option('--as <person>', 'who did it: the signed-in person')
    .option('--json', 'for scripts')
    .action(async (id: string, options: Options) => {
      await completeTask(id, options);
    });
}

function numbers(text: string): readonly number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text))
    throw new InvalidArgumentError('expected numbers with commas: 1,2,3');
  return text.split(',').map(Number);
}

async function completeTask(idText: string, { note, tick, as, json }: Options): Promise<void> {
  const id = /^\d{1,15}$/.test(idText) ? Number(idText) : 0;
  if (id === 0) {
    const found = idText === '' ? 'nothing' : idText;
    throw usageFailure(
      `<id>: expected the number of a task; found ${found}`,
      'look it up with: fermata tasks',
    );
  }
  const done = await withOperations((operations, runtime) =>
    operations.completeTask(
      { person: signedInPerson(runtime, MAY_DO_TASKS, as), via: 'cli' },
      { id, note, ticked: tick },
    ),
  );
  if (!done.ok)
    throw new CliFailure(
      done.detail,
      'nothing was changed',
      done.reason === 'unticked' ? 'say what is ticked: --tick 1,2,3' : 'look at: fermata tasks --all',
    );
  if (json === true) printJson(done);
  else
    printLines([`✓ task ${id} is done: ${done.task.title}`, ...done.problems.map((text) => `  ! ${text}`)]);
}
