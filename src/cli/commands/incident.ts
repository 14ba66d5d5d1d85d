import type { Command } from 'commander';
import { MAY_STOP } from '../../domain/roles.js';
import { runLines, withRun } from '../act-on-desk.js';
import { actingPerson, signedInPerson } from '../desk-person.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

interface Options {
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
    .action(async (title: string, { kind, note, as, json }: Options) => {
      const opened = await withOperations((operations, runtime) =>
        operations.openIncident(
          { person: actingPerson(runtime, MAY_STOP, as), via: 'cli' },
          { title, detail: note, ...(kind === undefined ? {} : { kind }) },
        ),
      );
      show(opened, json === true);
    });
  for (const [name, use, who, text] of ANSWERS) {
    command
      .command(name)
      .description(text)
      .argument('<id>', 'of the incident; fermata incidents lists them')
      .option('--note <text>', 'kept in its timeline', '')
      .option('--as <person>', 'person of the desk file who answers')
      .option('--json', 'for scripts')
      .action(async (incident: string, { note, as, json }: Options) => {
        const answered = await withOperations((operations, runtime) =>
          operations[use]({ person: who(runtime, MAY_STOP, as), via: 'cli' }, { incident, note }),
        );
        show(answered, json === true);
      });
  }
}

const ANSWERS = [
  [
    'ack',
    'acknowledgeIncident',
    actingPerson,
    'say that you have it: nobody is told again that nobody answers',
  ],
  ['resolve', 'resolveIncident', signedInPerson, 'declare it over'],
] as const;

interface Shown {
  readonly ok: boolean;
  readonly detail: string;
  /** Only for an incident that was opened; an answer goes to an incident that is known. */
  readonly workflowId?: string | null;
}

function show(result: Shown, json: boolean): void {
  if (!result.ok)
    throw new CliFailure(result.detail, 'the desk goes on as before', 'look at: fermata incidents');
  const { workflowId } = result;
  if (json) printJson(workflowId === undefined ? result : withRun({ ...result, workflowId }));
  else printLines([`✓ ${result.detail}`, ...runLines({ workflowId: workflowId ?? null })]);
}
