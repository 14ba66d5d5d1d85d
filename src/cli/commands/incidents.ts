import type { Command } from 'commander';
import type { Incident } from '../../contracts/incident.js';
import type { IncidentShown } from '../../contracts/published.js';
import { runLines, withRun } from '../act-on-desk.js';
import { CliFailure } from '../failure.js';
import { printJson, printLines } from '../output.js';
import { withOperations } from '../with-operations.js';

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
      const incidents = await withOperations((operations) => operations.listIncidents());
      const shown = incidents.filter(({ state }) => all === true || state !== 'resolved');
      if (json === true) printJson(shown.map((incident) => withRun(incident)));
      else printLines(shown.length === 0 ? ['no incident'] : shown.map(lineOf));
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
  else printLines([lineOf(incident), ...runLines(incident), ...timelineOf(incident)]);
}

function lineOf({ id, severity, state, title, openedMs, acknowledgedBy, outcome }: Incident): string {
  const who = acknowledgedBy === null ? 'nobody has it' : `${acknowledgedBy} has it`;
  return `${id}  ${severity.padEnd(8)} ${timeOf(openedMs)}  ${title} (${state === 'resolved' ? outcome : who})`;
}

function timelineOf({ timeline, alerts, files, contacts, state }: IncidentShown): string[] {
  return [
    ...timeline.map(({ atMs, name, observed }) => `  ${timeOf(atMs)}  ${name}: ${observed}`),
    ...alerts.map(
      ({ times, source, detail }) =>
        `  seen ${times} times by ${[source, detail].filter(Boolean).join(': ')}`,
    ),
    ...files.map(({ name, sha256 }) => `  kept: ${name} (SHA-256 ${sha256})`),
    ...(state === 'resolved' ? [] : contacts.map((line) => `  call: ${line}`)),
  ];
}

const timeOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
