/** Incidents, and the tasks that people are asked to do. */

import { type Command, InvalidArgumentError } from 'commander';
import type { Incident } from '../../contracts/incident.js';
import type { Task } from '../../contracts/operations-activities.js';
import type { IncidentShown } from '../../contracts/published.js';
import { taskDoneCommand } from '../../domain/command-text.js';
import { moment, momentToSecond } from '../../domain/moment.js';
import { MAY_DO_TASKS, MAY_STOP } from '../../domain/people-roles.js';
import { runLines, withRun } from '../act-on-desk.js';
import { actingPerson, signedInPerson } from '../desk-person.js';
import { CliFailure, usageFailure } from '../failure.js';
import { LISTED_MAX, textOf } from '../option-values.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../running-desk.js';

interface Options {
  readonly all?: boolean;
  readonly json?: boolean;
}

export function incidentsCommand(command: Command): void {
  command
    .argument('[id]', 'one of them, with its timeline')
    .option('--all', 'also those that are over')
    .option('--json', 'for scripts')
    .action(async (id: string | undefined, { all, json }: Options) => {
      if (id !== undefined) return showOne(id, json === true);
      const incidents = await withOperations((operations) => operations.listIncidents({ limit: LISTED_MAX }));
      const shown = incidents.filter(({ state }) => all === true || state !== 'resolved');
      if (json === true) printJson(shown.map((incident) => withRun(incident)));
      else printLines(shown.length === 0 ? ['no incident'] : shown.map(incidentLine));
    });
}

async function showOne(id: string, json: boolean): Promise<void> {
  const incident = await withOperations((operations) => operations.readIncident(id));
  if (incident === null)
    throw new CliFailure(
      `there is no incident ${id}`,
      'nothing was changed',
      'look it up with: fermata incidents --all',
    );
  if (json) printJson(withRun(incident));
  else printLines([incidentLine(incident), ...runLines(incident), ...timelineOf(incident)]);
}

export function incidentLine({
  id,
  severity,
  state,
  title,
  openedMs,
  acknowledgedBy,
  outcome,
}: Incident): string {
  const who = acknowledgedBy === null ? 'nobody has it' : `${acknowledgedBy} has it`;
  return `${id}  ${severity.padEnd(8)} ${momentToSecond(openedMs)}  ${title} (${state === 'resolved' ? outcome : who})`;
}

export function timelineOf({ timeline, alerts, files, tasks, contacts, state }: IncidentShown): string[] {
  return [
    ...timeline.map(({ atMs, name, observed }) => `  ${momentToSecond(atMs)}  ${name}: ${observed}`),
    ...alerts.map(
      ({ times, source, detail }) =>
        `  seen ${times === 1 ? 'once' : `${times} times`} by ${[source, detail].filter(Boolean).join(': ')}`,
    ),
    ...files.map(({ name, sha256 }) => `  kept: ${name} (SHA-256 ${sha256})`),
    ...tasks.flatMap((task) => [
      `  waits for a person: ${task.title} (due ${moment(task.dueMs)})`,
      `    ${task.detail}`,
      ...(task.items ?? []).map((item, at) => `    ${at + 1}. ${item}`),
      `    when it is done: ${taskDoneCommand(task)}`,
    ]),
    ...(state === 'resolved' ? [] : contacts.map((line) => `  call: ${line}`)),
  ];
}

interface ReportOptions {
  readonly kind?: string;
  readonly note: string;
  readonly as?: string;
  readonly json?: boolean;
}

export function incidentCommand(command: Command): void {
  command
    .command('open')
    .description('report something that is wrong')
    .argument('<title>', 'one line; the same again belongs to the same incident while it lasts')
    .option('--kind <name>', 'one of the desk’s own kinds, whose playbook is carried out')
    .option('--note <text>', 'what was seen', '')
    .option('--as <person>', 'person of the desk file who reports it')
    .option('--json', 'for scripts')
    .action(async (title: string, { kind, note, as, json }: ReportOptions) => {
      const opened = await withOperations((operations, runtime) =>
        operations.openIncident(
          { person: actingPerson(runtime, MAY_STOP, as), via: 'cli' },
          { title, detail: note, ...(kind === undefined ? {} : { kind }) },
        ),
      );
      show(opened, json === true, 'see: fermata help incident open');
    });
  for (const [name, use, who, text] of ANSWERS) {
    command
      .command(name)
      .description(text)
      .argument('<id>', 'of the incident; fermata incidents lists them')
      .option('--note <text>', 'stored in its timeline', '')
      .option('--as <person>', 'person of the desk file who answers')
      .option('--json', 'for scripts')
      .action(async (incident: string, { note, as, json }: ReportOptions) => {
        const answered = await withOperations((operations, runtime) =>
          operations[use]({ person: who(runtime, MAY_STOP, as), via: 'cli' }, { incident, note }),
        );
        show(answered, json === true);
      });
  }
}

const ANSWERS = [
  ['ack', 'acknowledgeIncident', actingPerson, 'say that you have it: ends the escalation'],
  ['resolve', 'resolveIncident', signedInPerson, 'declare it over'],
] as const;

interface Shown {
  readonly ok: boolean;
  readonly detail: string;
  /** Only for an incident that was opened; an answer concerns an incident that is already known. */
  readonly workflowId?: string | null;
}

function show(result: Shown, json: boolean, doThis = 'look at: fermata incidents --all'): void {
  if (!result.ok) throw new CliFailure(result.detail, 'the desk goes on as before', doThis);
  const { workflowId } = result;
  if (json) printJson(workflowId === undefined ? result : withRun({ ...result, workflowId }));
  else printLines([`✓ ${result.detail}`, ...runLines({ workflowId: workflowId ?? null })]);
}

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

function taskLines({ id, title, detail, items = [], dueMs, state, doneBy, note, origin }: Task): string[] {
  const overdue = state === 'open' && dueMs < Date.now() ? ', OVERDUE' : '';
  const how = state === 'open' ? `due ${moment(dueMs)}${overdue}` : `${state} by ${doneBy}: ${note}`;
  return [
    `${String(id).padStart(4)}  ${title} (${how})`,
    `      ${detail}`,
    ...items.map((item, at) => `      ${at + 1}. ${item}`),
    ...(origin === undefined ? [] : [`      asked by ${origin.workflowId}`]),
  ];
}

const NOTE_CHARACTERS_MAX = 2_000;

interface TasksOptions {
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
    .action(async (id: string, options: TasksOptions) => {
      await completeTask(id, options);
    });
}

function numbers(text: string): readonly number[] {
  if (!/^\d{1,2}(,\d{1,2})*$/.test(text))
    throw new InvalidArgumentError('expected numbers with commas: 1,2,3');
  return text.split(',').map(Number);
}

async function completeTask(idText: string, { note, tick, as, json }: TasksOptions): Promise<void> {
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
      done.reason === 'unticked'
        ? `once all of it is ticked: ${done.command}`
        : 'look at: fermata tasks --all',
    );
  if (json === true) printJson(done);
  else
    printLines([`✓ task ${id} is done: ${done.task.title}`, ...done.problems.map((text) => `  ! ${text}`)]);
}
